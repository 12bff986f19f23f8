// `myriad completion SHELL`: a script that teaches a shell the commands and their flags.
import { everyFlag, type Command } from './command.ts'

const shells = ['bash', 'zsh', 'fish'] as const

type Shell = (typeof shells)[number]

/** The command, which completes `others` and itself. */
export function completion(others: readonly Command[]): Command {
  const command: Command = {
    name: 'completion',
    operands: shells.join('|'),
    operandsMax: 1,
    summary: 'Print a script that teaches a shell the commands and their flags.',
    text: 'In ~/.bashrc: eval "$(myriad completion bash)"; in fish: myriad completion fish | source',
    flags: [],
    run(given, world) {
      const shell = shells.find((known) => known === given.operands[0])
      if (shell === undefined) {
        world.err(`myriad: expected the name of a shell: ${shells.join(', ')}\n`)
        return Promise.resolve(2)
      }
      world.out(completionScript(shell, [...others, command]))
      return Promise.resolve(0)
    },
  }
  return command
}

/** The script for a shell. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands)
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
    case 'fish':
      return fish(commands)
  }
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) =>
      `    ${command.name}) words='${[...operandWords(command), ...flagNames(command)].join(' ')}' ;;`,
  )
  return `_myriad() {
  local words
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='${commands.map((command) => command.name).join(' ')} --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _myriad myriad
`
}

function fish(commands: readonly Command[]): string {
  return commands
    .flatMap((command) => [
      `complete -c myriad -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
      ...operandWords(command).map(
        (word) => `complete -c myriad -n '__fish_seen_subcommand_from ${command.name}' -a ${word}`,
      ),
      ...[...command.flags, ...everyFlag].map(
        (flag) =>
          `complete -c myriad -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.name}` +
          `${flag.short === undefined ? '' : ` -s ${flag.short}`}${flag.value === undefined ? '' : ' -r'} -d ${quoted(flag.text)}`,
      ),
    ])
    .join('\n')
    .concat('\n')
}

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`

/** The words that an operand can be: `a|b FILE` has a and b. */
function operandWords({ operands }: Command): readonly string[] {
  return /^[a-z]+(?:\|[a-z]+)+/.exec(operands)?.[0].split('|') ?? []
}

function flagNames(command: Command): readonly string[] {
  return [...command.flags, ...everyFlag].map((flag) => `--${flag.name}`)
}
