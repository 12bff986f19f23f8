// The help texts, made from what the commands say about themselves.
import { everyFlag, type Command, type Flag } from './command.ts'

/** The help of the program: its commands. */
export function programHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, operands, summary }) => [`${name} ${operands}`.trim(), summary] as const)
  return [
    'Usage: myriad COMMAND [FLAGS]',
    '',
    ...columns(rows),
    '',
    'myriad COMMAND --help shows the flags of a command; myriad --version the version.',
    '',
  ].join('\n')
}

/** The help of a command. */
export function commandHelp(command: Command): string {
  const flags = [...command.flags, ...everyFlag]
  const usage = ['Usage: myriad', command.name, command.operands, '[FLAGS]'].filter((word) => word !== '')
  return [
    usage.join(' '),
    '',
    command.summary,
    ...(command.text === '' ? [] : ['', command.text]),
    '',
    ...columns(flags.map((flag) => [spelling(flag), flag.text] as const)),
    '',
  ].join('\n')
}

function spelling({ name, short, value }: Flag): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
