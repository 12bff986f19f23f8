// One edge process as its supervisor sees it: started, linked, ready, ended.
import { closeSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { descriptorChannel, sendDescriptor } from './descriptors.ts'
import type { Link } from './link.ts'
import { NotServing } from './not-serving.ts'
import type { EdgeQuestion, EdgeTold, Figures, Handed, Order } from './order.ts'
import type { Sockets } from './listen-sockets.ts'

/** How an edge process is started. */
export interface EdgeStart {
  /** The program with its arguments. */
  readonly command: readonly string[]
  /** Which of the processes it is. */
  readonly place: number
  readonly clock: Clock
}

/** How a process ended, as text. */
type Ended = string

/** A child process that serves. */
export class EdgeProcess {
  readonly pid: number
  readonly place: number
  readonly startMs: number
  /** Resolves when it accepts; rejects when it ends before. */
  readonly ready: Promise<void>
  readonly ended: Promise<Ended>
  /** When it was ready; undefined: it is not yet. */
  readyMs: number | undefined
  /** It is meant to end. */
  retired = false
  hasEnded = false
  /** What it told last. */
  figures: Figures | undefined
  /** What it serves. */
  order: Order | undefined
  #link: Link | undefined
  readonly #child: Bun.Subprocess
  readonly #channel: number
  readonly #clock: Clock
  readonly #ready = Promise.withResolvers<void>()
  /** The addresses whose sockets it has. */
  #handed = new Set<string>()

  constructor({ command, place, clock }: EdgeStart) {
    const [ours, theirs] = descriptorChannel()
    this.#channel = ours
    this.#clock = clock
    this.place = place
    this.startMs = clock.monotonicMs()
    this.#child = Bun.spawn([...command], { stdio: ['ignore', 'inherit', 'inherit', theirs] })
    closeSync(theirs)
    this.pid = this.#child.pid
    this.ready = this.#ready.promise
    this.ended = this.#child.exited.then(() => {
      this.hasEnded = true
      closeSync(ours)
      const { exitCode, signalCode } = this.#child
      const how = signalCode === null ? `status ${exitCode}` : signalCode
      this.#ready.reject(new NotServing(`process ${this.pid} ended with ${how} before it served`))
      return String(how)
    })
    // Who waits for it looks at the promise itself.
    this.ready.catch(() => this.hasEnded)
  }

  get isReady(): boolean {
    return this.readyMs !== undefined && !this.hasEnded
  }

  /** How long it has served. */
  get servedMs(): number {
    return this.readyMs === undefined ? 0 : this.#clock.monotonicMs() - this.readyMs
  }

  /** It has connected, and is told what to serve. */
  linked(link: Link, order: Order, sockets: readonly Sockets[]): Handed {
    this.#link = link
    return this.#hand(order, sockets)
  }

  becameReady(): void {
    this.readyMs = this.#clock.monotonicMs()
    this.#ready.resolve()
  }

  /** Has it get an order ready; rejects when it cannot. */
  async prepare(order: Order, sockets: readonly Sockets[]): Promise<void> {
    const before = this.#handed
    try {
      await this.ask({ kind: 'prepare', ...this.#hand(order, sockets) })
    } catch (error) {
      this.#handed = before
      throw error
    }
  }

  /** What it got ready is forgotten, and the sockets for it. */
  abandon(handed: ReadonlySet<string>): void {
    this.#handed = new Set(handed)
    this.tell({ kind: 'abandon' })
  }

  get handed(): ReadonlySet<string> {
    return this.#handed
  }

  async commit(order: Order): Promise<void> {
    await this.ask({ kind: 'commit' })
    this.order = order
  }

  ask(question: EdgeQuestion): Promise<unknown> {
    return this.#link?.ask(question) ?? Promise.reject(new Error(`process ${this.pid} has not come so far`))
  }

  tell(what: EdgeTold): void {
    this.#link?.tell(what)
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }

  /** Puts the sockets that it does not have into the channel. */
  #hand(order: Order, sockets: readonly Sockets[]): Handed {
    const descriptors: number[] = []
    for (const [i, { key, places }] of sockets.entries()) {
      const descriptor = places[this.place]
      if (this.#handed.has(key) || descriptor === undefined) continue
      sendDescriptor(this.#channel, descriptor)
      descriptors.push(i)
    }
    this.#handed = new Set(sockets.map(({ key }) => key))
    this.order ??= order
    return { order, descriptors }
  }
}
