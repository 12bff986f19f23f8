// Arguments of commands, their help and their completion.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { readArguments, type Command } from './command.ts'
import { completionScript } from './completion.ts'
import { commandHelp, programHelp } from './help.ts'

const command: Command = {
  name: 'fetch',
  operands: '[WHAT]',
  operandsMax: 1,
  summary: 'Fetch it.',
  text: '',
  flags: [
    { name: 'field', short: 'H', value: 'FIELD', many: true, text: 'A field.' },
    { name: 'method', value: 'METHOD', text: "The application's method." },
    { name: 'json', value: undefined, text: 'As JSON.' },
  ],
  run: () => Promise.resolve(0),
}

const read = (...args: string[]) => readArguments(command, args)
const given = (...args: string[]) => {
  const found = read(...args)
  if ('error' in found) throw new Error(found.error)
  return found
}

/** What bash offers for the last of these words. */
const complete = (...words: string[]): string[] => {
  const script = `${completionScript('bash', [command])}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _myriad
printf '%s\\n' "\${COMPREPLY[@]}"`
  return Bun.spawnSync(['bash', '-c', script]).stdout.toString().trim().split('\n')
}

test('flags, their values and operands', () => {
  const found = given('x', '--json', '--method', 'GET', '-H', 'a: -b', '--field=c')
  expect(found.operands).toEqual(['x'])
  expect(found.has('json')).toBe(true)
  expect(found.value('method')).toBe('GET')
  expect(found.values('field')).toEqual(['a: -b', 'c'])
  expect(found.value('help')).toBeUndefined()
})

test('what follows -- is an operand', () => {
  expect(given('--', '--json').operands).toEqual(['--json'])
})

test('what is wrong is told, with the nearest flag', () => {
  expect(read('--jsn')).toEqual({ error: 'no such flag: --jsn; did you mean --json?' })
  expect(read('-x')).toEqual({ error: 'no such flag: -x' })
  expect(read('--method')).toEqual({ error: '--method needs a value: --method METHOD' })
  expect(read('--method', '--json')).toEqual({ error: '--method needs a value: --method METHOD' })
  expect(read('--json=1')).toEqual({ error: '--json takes no value' })
  expect(read('--method=a', '--method=b')).toEqual({ error: '--method was given twice' })
  expect(read('a', 'b')).toEqual({ error: "'b' is one too many: fetch [WHAT]" })
})

test('any arguments are read or refused', () => {
  fc.assert(fc.property(fc.array(fc.string()), (args) => void read(...args)))
})

test('the help of a command shows each flag', () => {
  expect(commandHelp(command)).toBe(`Usage: myriad fetch [WHAT] [FLAGS]

Fetch it.

  -H, --field FIELD  A field.
  --method METHOD    The application's method.
  --json             As JSON.
  -h, --help         Show this help.
`)
})

test('the help of the program shows each command', () => {
  expect(programHelp([command])).toContain('  fetch [WHAT]  Fetch it.\n')
})

test('bash completes commands, then their flags', () => {
  expect(complete('myriad', 'fe')).toEqual(['fetch'])
  expect(complete('myriad', 'fetch', '--m')).toEqual(['--method'])
})

test('texts are quoted for fish', () => {
  expect(completionScript('fish', [command])).toContain(String.raw`-d 'The application\'s method.'`)
})
