// What a command is: its name, its flags and what it does. Help, completion and the check of flags are made from this.
import { parseArgs } from 'node:util'
import type { Clock, Timers } from '../base/clock.ts'
import { nearest } from '../config/spelling.ts'

/** A flag of a command. */
export interface Flag {
  /** Without its dashes. */
  readonly name: string
  /** One letter that stands for it. */
  readonly short?: string
  /** What stands for its value in the help; undefined: the flag takes none. */
  readonly value: string | undefined
  /** Whether it may be given several times. */
  readonly many?: true
  readonly text: string
}

/** What a command may use of the world; `main.ts` has the real one. */
export interface World {
  readonly clock: Clock
  readonly timers: Timers
  /** Writes to standard output; false when its reader has gone. */
  readonly out: (text: string) => boolean
  /** Writes to standard error. */
  readonly err: (text: string) => boolean
  readonly folder: string
  /** Columns of the terminal; undefined: standard output is none. */
  readonly columns: number | undefined
}

/** 0: done; 1: it failed while it ran; 2: it was called or configured wrongly. */
export type ExitCode = 0 | 1 | 2

export interface Command {
  readonly name: string
  /** What follows the name in the usage line. */
  readonly operands: string
  /** How many operands it takes at most. */
  readonly operandsMax: number
  readonly summary: string
  /** Further lines of its help. */
  readonly text: string
  readonly flags: readonly Flag[]
  run(given: Given, world: World): Promise<ExitCode>
}

/** What was given on the command line. */
export interface Given {
  readonly operands: readonly string[]
  /** Whether a flag was given. */
  has(flag: string): boolean
  /** The last value of a flag. */
  value(flag: string): string | undefined
  /** All values of a flag, in order. */
  values(flag: string): readonly string[]
}

/** The flags that every command has. */
export const everyFlag: readonly Flag[] = [
  { name: 'help', short: 'h', value: undefined, text: 'Show this help.' },
]

/** Reads the arguments of a command, or says what is wrong with them. */
export function readArguments(command: Command, args: readonly string[]): Given | { readonly error: string } {
  const flags = [...command.flags, ...everyFlag]
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      flags.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ),
  })
  const operands: string[] = []
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags.find((known) => known.name === token.name)
    if (flag === undefined) return { error: unknownFlag(token.rawName, flags) }
    const valueIsFlag = token.inlineValue === false && token.value.startsWith('--')
    if (flag.value !== undefined && (token.value === undefined || valueIsFlag))
      return { error: `--${flag.name} needs a value: --${flag.name} ${flag.value}` }
    if (flag.value === undefined && token.value !== undefined)
      return { error: `--${flag.name} takes no value` }
    const values = given.get(flag.name) ?? []
    if (values.length > 0 && !flag.many) return { error: `--${flag.name} was given twice` }
    given.set(flag.name, [...values, token.value ?? ''])
  }
  if (operands.length > command.operandsMax)
    return {
      error: `'${operands[command.operandsMax]}' is one too many: ${command.name} ${command.operands}`,
    }
  return {
    operands,
    has: (flag) => given.has(flag),
    value: (flag) => given.get(flag)?.at(-1),
    values: (flag) => given.get(flag) ?? [],
  }
}

function unknownFlag(written: string, flags: readonly Flag[]): string {
  const near = nearest(
    written.replace(/^-+/, ''),
    flags.map((flag) => flag.name),
  )
  return `no such flag: ${written}${near === undefined ? '' : `; did you mean --${near}?`}`
}
