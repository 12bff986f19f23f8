// A php-fpm of Myriad's own: started with a configuration made for it, started again when it dies, ended with Myriad.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import { messageOf } from '../base/thrown.ts'
import { claim, endProcesses } from './php-fpm-leftovers.ts'
import { speaksFastCgi } from './php-fpm-ping.ts'
import { phpArguments, poolText, type Pool } from './php-fpm-pool.ts'
import { watched } from './php-fpm-watch.ts'

/** How long php-fpm may take until it answers. */
const READY_MS = 10_000
const READY_LOOK_MS = 20
/** Pauses before it is started again: doubled each time, the first again after it ran for a while. */
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 30_000
const SETTLED_MS = 60_000
/** What is kept of its error output, to tell why it did not start; longer lines are cut. */
const OUTPUT_MAX = 8192

/** What a php-fpm is started with. */
export interface FpmStart {
  readonly program: string
  /** A folder of its own, which does not exist yet, in one that is private. */
  readonly folder: string
  readonly pools: readonly Pool[]
}

/** What it needs of the world. */
export interface FpmDeps {
  readonly clock: Clock
  readonly timers: Timers
  /** Takes lines to tell the owner: of php-fpm, and about it. */
  readonly say: (line: string) => void
}

/** A php-fpm that did not start; the message is what it said. */
export class FpmError extends Error {
  override name = 'FpmError'
}

/** A php-fpm that is kept running. */
export class FpmProcess {
  readonly #start: FpmStart
  readonly #deps: FpmDeps
  #child: Bun.Subprocess<'pipe', 'ignore', 'pipe'> | undefined
  #pauseMs = PAUSE_MS_MIN
  #restart: Timer | undefined
  #output = ''
  #ending = false

  private constructor(start: FpmStart, deps: FpmDeps) {
    this.#start = start
    this.#deps = deps
  }

  /** Starts php-fpm and resolves when every pool answers; rejects with an FpmError. */
  static async start(start: FpmStart, deps: FpmDeps): Promise<FpmProcess> {
    const { folder, pools } = start
    try {
      mkdirSync(folder, { mode: 0o700 })
      claim(folder, process.pid)
      writeFileSync(join(folder, 'php-fpm.conf'), poolText(folder, pools), { mode: 0o600 })
    } catch (cause) {
      throw new FpmError(messageOf(cause), { cause })
    }
    const fpm = new FpmProcess(start, deps)
    const child = fpm.#spawn()
    if (!(await fpm.#answers(child))) {
      await fpm.end()
      const why = fpm.#output.trim()
      throw new FpmError(why === '' ? `it did not answer within ${READY_MS / 1000} s` : why)
    }
    void fpm.#watch(child)
    return fpm
  }

  /** Ends it and its workers, those in the middle of a request after a grace period; removes its folder. */
  async end(): Promise<void> {
    this.#ending = true
    this.#restart?.cancel()
    const child = this.#child
    if (child !== undefined) {
      // The script that watches it takes this as the end.
      void child.stdin.end()
      await child.exited
    }
    rmSync(this.#start.folder, { recursive: true, force: true })
  }

  #spawn(): Bun.Subprocess<'pipe', 'ignore', 'pipe'> {
    const { program, folder, pools } = this.#start
    const file = join(folder, 'php-fpm.conf')
    const child = Bun.spawn(
      [...watched([program, '--nodaemonize', '--force-stderr', '-y', file, ...phpArguments(pools.length)])],
      // A session of its own: what a terminal sends to Myriad is not for the script.
      { stdin: 'pipe', stdout: 'ignore', stderr: 'pipe', detached: true },
    )
    this.#child = child
    this.#output = ''
    void this.#pass(child.stderr)
    return child
  }

  /** Whether every pool answers before the time is over, or the process ends. */
  async #answers(child: Bun.Subprocess): Promise<boolean> {
    const { clock, timers } = this.#deps
    const untilMs = clock.monotonicMs() + READY_MS
    while (child.exitCode === null && child.signalCode === null && clock.monotonicMs() < untilMs) {
      const answers = await Promise.all(this.#start.pools.map(({ socket }) => speaksFastCgi(socket, timers)))
      if (answers.every(Boolean)) return true
      await new Promise<void>((resolve) => timers.after(READY_LOOK_MS, resolve))
    }
    return false
  }

  /** Starts it again when it ends without having been asked to. */
  async #watch(child: Bun.Subprocess): Promise<void> {
    const { clock, timers, say } = this.#deps
    const startMs = clock.monotonicMs()
    await child.exited
    if (this.#ending) return
    if (clock.monotonicMs() - startMs > SETTLED_MS) this.#pauseMs = PAUSE_MS_MIN
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
    say(
      `php-fpm ended with status ${child.exitCode ?? child.signalCode}; it is started again in ${pauseMs} ms`,
    )
    this.#restart = timers.after(pauseMs, () => {
      // Had the script been killed, what it watched would still be at the sockets.
      endProcesses(this.#start.folder)
      void this.#watch(this.#spawn())
    })
  }

  /** Passes on what it says, line by line. */
  async #pass(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of stream) {
      const text = decoder.decode(chunk, { stream: true })
      this.#output = (this.#output + text).slice(-OUTPUT_MAX)
      const lines = (rest + text).split('\n')
      rest = lines.pop()!.slice(0, OUTPUT_MAX)
      for (const line of lines) if (line !== '') this.#deps.say(`php-fpm: ${line.slice(0, OUTPUT_MAX)}`)
    }
  }
}
