// The supervisor's side of the edge processes: so many are kept running, each in its place, with what the owner's
// configuration says; all of them are given another one, or replaced by new ones, without a request being lost. The
// supervisor stands in no request's way: when it is gone, they go on.
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import { endedCounters, noCounters, sumOfCounters, type FunnelCounters } from '../observe/counters.ts'
import { EdgeProcess } from './edge-process.ts'
import { Link } from './link.ts'
import { closePlaceOf, closeSockets, openPlaceOf, type Sockets } from './listen-sockets.ts'
import type { Figures, Order, SupervisorTold } from './order.ts'
import { pauseAfter } from './restart.ts'

/** How long a process may take until it accepts. */
const READY_MS = 30_000
/** How long one that is asked how it is may take. */
const FIGURES_MS = 1_000
/** A place whose process is started again later than this has its sockets closed, so that no client waits there. */
const PAUSE_MS_OPEN = 500

/** What the supervisor needs of the world. */
export interface EdgesDeps {
  readonly count: number
  /** The folder of these processes, and of nobody else. */
  readonly folder: string
  /** The program that serves in a place. */
  readonly command: (place: number) => readonly string[]
  readonly clock: Clock
  readonly timers: Timers
  /** Takes lines to tell the owner. */
  readonly say: (line: string) => void
}

/** What is known of one process. */
export interface EdgeStatus {
  readonly pid: number
  readonly runningMs: number
  /** How often the process of this place was started again. */
  readonly restarts: number
  readonly figures: Figures | undefined
}

interface Place {
  readonly index: number
  process: EdgeProcess | undefined
  restarts: number
  pauseMs: number
  timer: Timer | undefined
}

/** Keeps edge processes running. */
export class EdgeProcesses {
  readonly #deps: EdgesDeps
  readonly #server: Server
  readonly #places: readonly Place[]
  /** Those that serve, and those that end. */
  readonly #all = new Map<number, EdgeProcess>()
  #order: Order
  #sockets: readonly Sockets[]
  #ending = false
  /** What processes that have ended had counted. */
  #past: FunnelCounters = noCounters
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(order: Order, sockets: readonly Sockets[], deps: EdgesDeps) {
    this.#deps = deps
    this.#order = order
    this.#sockets = sockets
    this.#places = Array.from({ length: deps.count }, (_, index) => ({
      index,
      process: undefined,
      restarts: 0,
      pauseMs: 0,
      timer: undefined,
    }))
    this.#server = createServer((socket) => {
      let edge: EdgeProcess | undefined
      const link: Link = new Link(socket, {
        asked: (what) => {
          const { kind, pid } = what as { kind?: unknown; pid?: unknown }
          edge = kind === 'hello' ? this.#all.get(Number(pid)) : undefined
          if (edge === undefined) throw new Error('this supervisor has started no such process')
          return edge.linked(link, this.#order, this.#sockets)
        },
        told: (what) => edge && this.#told(edge, what as SupervisorTold),
      })
      void link.closed.then((problem) => {
        if (problem !== undefined && edge === undefined)
          this.#deps.say(`a process that was to serve cannot be understood: ${problem.message}`)
      })
    })
  }

  /** Starts them and resolves when all accept; rejects when one does not. */
  static async start(order: Order, sockets: readonly Sockets[], deps: EdgesDeps): Promise<EdgeProcesses> {
    const edges = new EdgeProcesses(order, sockets, deps)
    const path = supervisorSocket(deps.folder)
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      edges.#server.once('error', reject)
      edges.#server.listen(path, resolve)
    })
    try {
      await Promise.all(edges.#places.map((place) => edges.#whenReady(edges.#startIn(place))))
    } catch (error) {
      await edges.kill()
      throw error
    }
    return edges
  }

  get sockets(): readonly Sockets[] {
    return this.#sockets
  }

  /** The processes that serve, in the order of their places, and those that end. */
  get status(): readonly EdgeStatus[] {
    const nowMs = this.#deps.clock.monotonicMs()
    const restarts = (edge: EdgeProcess): number => this.#places[edge.place]!.restarts
    return [...this.#all.values()]
      .toSorted((a, b) => a.place - b.place)
      .map((edge) => ({
        pid: edge.pid,
        runningMs: Math.round(nowMs - edge.startMs),
        restarts: restarts(edge),
        figures: edge.figures,
      }))
  }

  /** The sum of what all have counted, those that have ended too. */
  get counters(): FunnelCounters {
    const present = [...this.#all.values()].flatMap(({ figures }) => figures?.counters ?? [])
    return sumOfCounters([this.#past, ...present])
  }

  /** Asks every process how it is; one that does not say so in time is known by what it told last. */
  async look(): Promise<void> {
    await Promise.all(
      [...this.#all.values()].map(async (edge) => {
        const asked = edge.ask({ kind: 'figures' }).then(
          (figures) => void (edge.figures = figures as Figures),
          () => undefined,
        )
        await Promise.allSettled([this.#within(FIGURES_MS, asked)])
      }),
    )
  }

  /** Has one of them purge, which has all the others do so before it answers. */
  async purge(asked: unknown): Promise<unknown> {
    for (const { process: edge } of this.#places) {
      if (edge?.isReady !== true) continue
      try {
        return await edge.ask({ kind: 'purge', asked })
      } catch (error) {
        // One that has gone in the middle of it has not told the others for certain: the next does.
        if (!edge.hasEnded && error instanceof Error) this.#deps.say(error.message)
      }
    }
    throw new Error('no process serves at this moment')
  }

  /**
   * Has all of them serve another order with these sockets. Rejects when one of them refuses it; then all serve the one
   * that they had.
   */
  reload(order: Order, sockets: readonly Sockets[]): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#settled()
      const edges = this.#serving()
      const had = new Map(edges.map((edge) => [edge, edge.handed]))
      const outcomes = await Promise.allSettled(edges.map((edge) => edge.prepare(order, sockets)))
      const refused = outcomes.find((outcome, i) => outcome.status === 'rejected' && !edges[i]!.hasEnded)
      if (refused?.status === 'rejected') {
        for (const edge of edges) edge.abandon(had.get(edge)!)
        throw refused.reason
      }
      const gone = this.#sockets.filter((each) => !sockets.includes(each))
      // What starts from now on starts with it.
      this.#order = order
      this.#sockets = sockets
      await Promise.all(edges.map((edge) => this.#commit(edge)))
      closeSockets(gone)
    })
  }

  /** Tells all of them that the files of the logs have been renamed. */
  reopenLogs(): void {
    for (const edge of this.#all.values()) edge.tell({ kind: 'reopen' })
  }

  /** Starts new processes of the program as it now lies on the disk in every place, and has the old ones end. */
  upgrade(): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#settled()
      const fresh = this.#places.map((place) => this.#spawn(place))
      try {
        await Promise.all(fresh.map((edge) => this.#whenReady(edge)))
      } catch (error) {
        for (const edge of fresh) {
          edge.retired = true
          edge.kill('SIGKILL')
        }
        throw error
      }
      for (const [i, place] of this.#places.entries()) {
        const old = place.process
        place.timer?.cancel()
        place.process = fresh[i]
        place.pauseMs = 0
        if (old === undefined) continue
        old.retired = true
        old.tell({ kind: 'retire' })
      }
    })
  }

  /**
   * Has all of them finish what is under way and end; `isFollowed`: somebody goes on listening for a successor, and so
   * nobody may be turned away.
   */
  async end(isFollowed: boolean): Promise<void> {
    this.#stop()
    for (const edge of this.#all.values()) {
      if (isFollowed && edge.isReady) edge.tell({ kind: 'retire' })
      else edge.kill('SIGTERM')
    }
    await Promise.all([...this.#all.values()].map(({ ended }) => ended))
    this.#close()
  }

  /** Ends all of them at once. */
  async kill(): Promise<void> {
    this.#stop()
    for (const edge of this.#all.values()) edge.kill('SIGKILL')
    await Promise.all([...this.#all.values()].map(({ ended }) => ended))
    this.#close()
  }

  #stop(): void {
    this.#ending = true
    for (const place of this.#places) place.timer?.cancel()
    closeSockets(this.#sockets)
  }

  #close(): void {
    this.#server.close()
    rmSync(supervisorSocket(this.#deps.folder), { force: true })
  }

  #serving(): EdgeProcess[] {
    return [...this.#all.values()].filter((edge) => edge.isReady && !edge.retired)
  }

  /** Resolves when no process is in the middle of its start. */
  async #settled(): Promise<void> {
    await Promise.allSettled(this.#places.flatMap(({ process: edge }) => edge?.ready ?? []))
  }

  async #oneAtATime(run: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(run)
    this.#last = Promise.allSettled([mine])
    await mine
  }

  /** One that fails to take over what it got ready is started anew, with it. */
  async #commit(edge: EdgeProcess): Promise<void> {
    try {
      await edge.commit(this.#order)
    } catch (error) {
      if (edge.hasEnded) return
      this.#deps.say(`process ${edge.pid} does not follow: ${String(error)}; it is started anew`)
      edge.kill('SIGKILL')
    }
  }

  #startIn(place: Place): EdgeProcess {
    openPlaceOf(this.#sockets, place.index)
    const edge = this.#spawn(place)
    place.process = edge
    return edge
  }

  #spawn(place: Place): EdgeProcess {
    const { command, clock } = this.#deps
    const edge = new EdgeProcess({ command: command(place.index), place: place.index, clock })
    this.#all.set(edge.pid, edge)
    void edge.ended.then((how) => this.#ended(edge, place, how))
    return edge
  }

  async #whenReady(edge: EdgeProcess): Promise<void> {
    await this.#within(READY_MS, edge.ready)
  }

  #ended(edge: EdgeProcess, place: Place, how: string): void {
    this.#all.delete(edge.pid)
    if (edge.figures !== undefined)
      this.#past = sumOfCounters([this.#past, endedCounters(edge.figures.counters)])
    if (this.#ending || edge.retired || place.process !== edge) return
    place.process = undefined
    place.restarts++
    place.pauseMs = pauseAfter(place.pauseMs, edge.servedMs)
    const when = place.pauseMs === 0 ? 'at once' : `in ${place.pauseMs} ms`
    this.#deps.say(`process ${edge.pid} ended with ${how}; another one is started ${when}`)
    if (place.pauseMs > PAUSE_MS_OPEN && this.#serving().length > 0) closePlaceOf(this.#sockets, place.index)
    if (place.pauseMs === 0) this.#startAgain(place)
    else place.timer = this.#deps.timers.after(place.pauseMs, () => this.#startAgain(place))
  }

  #startAgain(place: Place): void {
    let edge: EdgeProcess
    try {
      edge = this.#startIn(place)
    } catch (error) {
      place.pauseMs = pauseAfter(place.pauseMs, 0)
      this.#deps.say(`a process could not be started: ${String(error)}`)
      place.timer = this.#deps.timers.after(place.pauseMs, () => this.#startAgain(place))
      return
    }
    // It may have been ordered what has been replaced meanwhile.
    void edge.ready
      .then(() => (edge.order === this.#order ? undefined : this.reload(this.#order, this.#sockets)))
      .catch((error: unknown) => {
        // That it ended before it was ready is told where it ended.
        if (!edge.hasEnded) this.#deps.say(`process ${edge.pid} does not follow: ${String(error)}`)
      })
  }

  #told(edge: EdgeProcess, told: SupervisorTold): void {
    if (told.kind === 'ready') edge.becameReady()
    else if (told.kind === 'figures') edge.figures = told
  }

  async #within(ms: number, promise: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>()
    const timer = this.#deps.timers.after(ms, () => late.reject(new Error(`not ready within ${ms} ms`)))
    try {
      await Promise.race([promise, late.promise])
    } finally {
      timer.cancel()
    }
  }
}

/** Where the supervisor of these processes is asked for orders. */
export function supervisorSocket(folder: string): string {
  return join(folder, 'supervisor.sock')
}
