// `myriad demo`: Myriad at work. Starts the calendar of examples/calendar, Myriad in front of it as anybody would
// start it, and visitors, each as a process of its own; shows the funnel until it is told to end. With an address it
// serves that instead, and the visitors are whoever comes.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { statusOf } from '../admin/client.ts'
import { socketFolder } from '../admin/folder.ts'
import type { Status } from '../admin/status.ts'
import type { Timers } from '../base/clock.ts'
import { Children } from './children.ts'
import type { Command, ExitCode, Given, World } from './command.ts'
import { funnelLine, funnelLines, redraw, type FunnelView } from './funnel-view.ts'

const root = join(import.meta.dir, '../..')
const calendarFolder = join(root, 'examples/calendar')

const defaultPort = 8080
const redrawMs = 500
const plainMs = 3000
const startPollMs = 20

export const demo: Command = {
  name: 'demo',
  operands: '[UPSTREAM]',
  operandsMax: 1,
  summary: 'Show Myriad at work in front of a small calendar, or of UPSTREAM.',
  text: `Starts a calendar application, Myriad in front of it and a few visitors, on this machine alone, and shows
how few of the requests reach the application. With UPSTREAM, such as http://127.0.0.1:9000, Myriad stands in front
of that, and the visitors are yours. Listens on port ${defaultPort} of the loopback, or on a free one when that is taken.`,
  flags: [{ name: 'seconds', value: 'N', text: 'End after so many seconds.' }],
  run,
}

/** Why it ended. */
type Ending =
  | { readonly kind: 'asked' }
  /** A process ended that should not have. */
  | { readonly kind: 'died'; readonly name: string; readonly output: string }

async function run(given: Given, world: World): Promise<ExitCode> {
  const seconds = given.value('seconds')
  if (seconds !== undefined && !/^[1-9]\d{0,6}$/.test(seconds)) {
    world.err(`--seconds needs a whole number of seconds, not '${seconds}'\n`)
    return 2
  }
  if (!existsSync(calendarFolder)) {
    world.err('myriad: the demonstration runs in a checkout of the repository\n')
    return 1
  }
  const ending = Promise.withResolvers<Ending>()
  const asked = (): void => ending.resolve({ kind: 'asked' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, asked)
  const timer = seconds === undefined ? undefined : world.timers.after(Number(seconds) * 1000, asked)
  const children = new Children(world.timers, (name, output) =>
    ending.resolve({ kind: 'died', name, output }),
  )

  let screen: Screen | undefined
  try {
    const started = start(children, given.operands[0], world.timers)
    const first = await Promise.race([started, ending.promise])
    if (!('kind' in first)) {
      screen = new Screen(first, world)
      await screen.show()
    }
    const end = await ending.promise
    await screen?.close()
    if (end.kind === 'asked') return 0
    world.err(`${end.name} ended unexpectedly.\n${end.output === '' ? '' : `It said:\n${end.output}\n`}`)
    return 1
  } finally {
    timer?.cancel()
    await children.end()
    for (const signal of signals) process.off(signal, asked)
  }
}

/** What is running: which process Myriad is, where it listens, and what it stands in front of. */
interface Running {
  readonly pid: number
  readonly address: string
  readonly upstream: string
}

async function start(children: Children, upstream: string | undefined, timers: Timers): Promise<Running> {
  const bun = process.execPath
  const application =
    upstream ?? (await children.start('The calendar', [bun, join(calendarFolder, 'main.ts')]).firstLine)
  const port = isFree(defaultPort) ? defaultPort : 0
  const command = [join(root, 'bin/myriad'), 'serve', application, '--listen', `127.0.0.1:${port}`]
  const { pid } = children.start('Myriad', command)
  const address = (await answering(pid, timers)).addresses[0]!
  if (upstream === undefined) {
    children.start('The visitor loop', [bun, join(calendarFolder, 'visitors.ts'), address])
  }
  return { pid, address, upstream: upstream ?? `the calendar, ${application}` }
}

/** The status of a process that is starting. Never resolves when it dies instead: `Children` tells that. */
async function answering(pid: number, timers: Timers): Promise<Status> {
  for (;;) {
    const status = await statusOf(socketFolder(), pid, timers)
    if (status !== undefined && status.addresses.length > 0) return status
    await new Promise<void>((resolve) => timers.after(startPollMs, resolve))
  }
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop()
    return true
  } catch {
    // Taken, or not ours to take: another one is found.
    return false
  }
}

/** Shows the funnel again and again: in place on a terminal, else as a line now and then. */
class Screen {
  readonly #running: Running
  readonly #world: World
  readonly #colour = !process.env['NO_COLOR']
  #timer: { cancel(): void } | undefined
  #rows = 0
  #asking = false

  constructor(running: Running, world: World) {
    this.#running = running
    this.#world = world
  }

  async show(): Promise<void> {
    const { columns, timers, out } = this.#world
    const { address, upstream } = this.#running
    if (columns === undefined) out(`Myriad listens on ${address} in front of ${upstream}\n`)
    else out('\x1b[?25l\n')
    await this.#draw()
    this.#timer = timers.every(columns === undefined ? plainMs : redrawMs, () => void this.#draw())
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    await this.#draw()
    if (this.#world.columns !== undefined) this.#world.out('\x1b[?25h')
  }

  async #draw(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    const status = await statusOf(socketFolder(), this.#running.pid, this.#world.timers)
    this.#asking = false
    if (status === undefined) return
    const { address, upstream } = this.#running
    const view: FunnelView = {
      title: `  Myriad in front of ${upstream}`,
      snapshot: status.funnel,
      runningMs: status.runningMs,
    }
    const { columns, out } = this.#world
    if (columns === undefined) {
      out(`${funnelLine(view)}\n`)
      return
    }
    const lines = [
      ...funnelLines(view, { columns, colour: this.#colour }),
      '',
      `  Open ${address} · Ctrl-C ends it all`.slice(0, columns),
    ]
    out(redraw(this.#rows, lines))
    this.#rows = lines.length
  }
}
