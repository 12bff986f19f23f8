// The processes that a command starts and must not leave behind. Each is ended by its own process id.
import type { Timers } from '../base/clock.ts'

/** A process that a command started. */
export interface Child {
  readonly pid: number
  /** Resolves with the first line of its standard output. */
  readonly firstLine: Promise<string>
}

/** How long a process may take to end when it is asked to, before it is killed. */
const graceMs = 3000

/** What is kept of what a process prints, in characters. */
const outputMax = 4000

/** Starts processes and ends them. */
export class Children {
  readonly #timers: Timers
  readonly #died: (name: string, output: string) => void
  readonly #running = new Map<number, Bun.Subprocess>()
  #ending = false

  /** `died` is told of a process that ends without having been asked to, with the end of its error output. */
  constructor(timers: Timers, died: (name: string, output: string) => void) {
    this.#timers = timers
    this.#died = died
  }

  start(name: string, command: readonly string[]): Child {
    const firstLine = Promise.withResolvers<string>()
    let printed = ''
    let complaint = ''
    const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
    this.#running.set(child.pid, child)
    const ended = Promise.all([
      child.exited,
      read(child.stdout, (text) => {
        printed = (printed + text).slice(-outputMax)
        if (printed.includes('\n')) firstLine.resolve(printed.slice(0, printed.indexOf('\n')))
      }),
      read(child.stderr, (text) => (complaint = (complaint + text).slice(-outputMax))),
    ])
    void ended.then(() => {
      this.#running.delete(child.pid)
      if (!this.#ending) this.#died(name, complaint.trim())
    })
    return { pid: child.pid, firstLine: firstLine.promise }
  }

  /** Ends all of them; resolves when none is left. */
  async end(): Promise<void> {
    this.#ending = true
    const all = [...this.#running.values()]
    for (const child of all) child.kill('SIGTERM')
    const timer = this.#timers.after(graceMs, () => {
      for (const child of all) child.kill('SIGKILL')
    })
    await Promise.all(all.map((child) => child.exited))
    timer.cancel()
  }
}

async function read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }))
}
