// An event loop of our own over epoll(7), for sockets that are read into memory of our own. It runs within the runtime's:
// some turns of it are one task there, and it waits for the runtime's events too, whose epoll instance it watches like any
// other descriptor. So timers, promises, TLS and everything else of the runtime go on as ever.
//
// Why the outer one of the two waits: the runtime can watch nothing but its own kinds of sockets and files.
//
// Left out: edge-triggered events. What has not been read or written is told again, so nothing can be lost.
import { drainMicrotasks } from 'bun:jsc'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { nextTimerMs, nextTurn, realClock, turnsAsked } from '../base/clock.ts'
import { assert } from '../base/assert.ts'
import { asError } from '../base/thrown.ts'
import { errno, KernelWords, libc, systemError, type Libc } from './libc.ts'

/** Kinds of events (epoll_ctl(2)). */
export const EPOLLIN = 1
export const EPOLLOUT = 4
export const EPOLLERR = 8
export const EPOLLHUP = 16

const EPOLL_CLOEXEC = 0x80000
const CTL_ADD = 1
const CTL_DEL = 2
const CTL_MOD = 3
/** In the place of an id, which is never 0: the runtime has something to do. */
const RUNTIME_ID = 0

/** Events in one round. */
const EVENTS_MAX = 256
/** struct epoll_event is packed on x86-64 alone. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4
const DATA_WORD = EVENT_WORDS - 2
/**
 * Timers of others than ours (base/clock.ts) are not seen from here: so late they may be. Not less: a wait that ends before
 * the kernel's own next tick has the clock of the processor set anew for it, twice for each wait, which under a hypervisor
 * costs more than all the rest of it.
 */
const WAIT_MS_MAX = 16
/** After about a second in which nothing has happened at all: an idle process is to cost nothing. */
const QUIET_TURNS = 64
const QUIET_WAIT_MS_MAX = 32

/** A descriptor that is watched. */
export interface Polled {
  /** The loop's own: events of a descriptor that was closed meanwhile, and of its successor, are told apart by it. */
  pollId: number
  onPoll(events: number): void
  /** An exception in `onPoll`. */
  onFault(error: Error): void
}

/** The loop of this process. */
export class EventLoop {
  static #only: EventLoop | undefined

  readonly #epoll: number
  /** By descriptor. */
  readonly #polled: (Polled | undefined)[] = []
  #count = 0
  #lastId = 0
  #running = false
  /** Turns without an event since the last one. */
  #quietTurns = 0
  /** For telling epoll, and for being told. */
  readonly #event = new KernelWords(EVENT_WORDS)
  readonly #events = new KernelWords(EVENT_WORDS * EVENTS_MAX)
  readonly #turn = (): void => this.#run()

  private constructor(private readonly calls: Libc) {
    const runtime = runtimeEpolls()
    assert(runtime.length > 0, 'the runtime has no event loop over epoll')
    this.#epoll = calls.epoll_create1(EPOLL_CLOEXEC)
    if (this.#epoll < 0) throw systemError('epoll_create1', errno())
    // Nobody is told, but the wait ends, and it is the runtime's turn.
    for (const fd of runtime) this.#control(CTL_ADD, fd, EPOLLIN, RUNTIME_ID)
  }

  /** Undefined where there is no epoll: the runtime's sockets are then to be used. */
  static get(): EventLoop | undefined {
    const calls = libc()
    return calls === undefined ? undefined : (EventLoop.#only ??= new EventLoop(calls))
  }

  /** Tells `polled` of these events of a descriptor, until `forget`. */
  watch(fd: number, polled: Polled, events: number): void {
    polled.pollId = this.#nextId()
    this.#control(CTL_ADD, fd, events, polled.pollId)
    this.#polled[fd] = polled
    this.#count++
    if (this.#running) return
    this.#running = true
    nextTurn(this.#turn)
  }

  /** `polled` takes the place of whoever was told of a descriptor. */
  hand(fd: number, polled: Polled, events: number): void {
    polled.pollId = this.#nextId()
    this.#polled[fd] = polled
    this.#control(CTL_MOD, fd, events, polled.pollId)
  }

  /** From now on these events; errors and the end of both directions are always told. */
  change(fd: number, polled: Polled, events: number): void {
    this.#control(CTL_MOD, fd, events, polled.pollId)
  }

  /** Tells nothing, not even errors, until `unmute`. */
  mute(fd: number): void {
    this.#control(CTL_DEL, fd, 0, 0)
  }

  unmute(fd: number, polled: Polled, events: number): void {
    this.#control(CTL_ADD, fd, events, polled.pollId)
  }

  /** Before the descriptor is closed, which takes it out of epoll's sight. */
  forget(fd: number): void {
    this.#polled[fd] = undefined
    this.#count--
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) & 0x7fff_ffff || 1
    return this.#lastId
  }

  #control(operation: number, fd: number, events: number, id: number): void {
    const { words } = this.#event
    words[0] = events
    words[DATA_WORD] = fd
    words[DATA_WORD + 1] = id
    if (this.calls.epoll_ctl(this.#epoll, operation, fd, this.#event.at) < 0)
      throw systemError('epoll_ctl', errno())
  }

  /**
   * Rounds, until it is the runtime's turn: that costs as much as the work for a short request, and when few requests come
   * at a time, each round brings hardly more than one.
   */
  #run(): void {
    const asked = turnsAsked()
    let nowMs = realClock.monotonicMs()
    const latestMs = nowMs + (this.#quietTurns < QUIET_TURNS ? WAIT_MS_MAX : QUIET_WAIT_MS_MAX)
    let untilMs = Math.min(latestMs, nextTimerMs(nowMs))
    while (this.#round(Math.max(0, Math.ceil(untilMs - nowMs))) && turnsAsked() === asked) {
      nowMs = realClock.monotonicMs()
      untilMs = Math.min(latestMs, nextTimerMs(nowMs))
      if (nowMs >= untilMs) break
      // As at the end of a turn: what was put off until then is done before more comes.
      drainMicrotasks()
    }
    this.#running = this.#count > 0
    if (this.#running) nextTurn(this.#turn)
  }

  /** Waits, and tells what has happened. False: nothing has, or something of the runtime's. */
  #round(waitMs: number): boolean {
    // A signal ends the wait with -1: it is the runtime's to handle, in its turn.
    const { at: eventsAt, words: events } = this.#events
    const count = this.calls.epoll_wait(this.#epoll, eventsAt, EVENTS_MAX, waitMs)
    this.#quietTurns = count > 0 ? 0 : this.#quietTurns + 1
    let goesOn = count > 0
    for (let i = 0, at = 0; i < count; i++, at += EVENT_WORDS) {
      const id = events[at + DATA_WORD + 1]!
      if (id === RUNTIME_ID) goesOn = false
      const polled = this.#polled[events[at + DATA_WORD]!]
      if (polled === undefined || polled.pollId !== id) continue
      try {
        polled.onPoll(events[at]!)
      } catch (error) {
        polled.onFault(asError(error))
      }
    }
    return goesOn
  }
}

/** The runtime's own epoll instances: those that are not inherited, which are closed when another program is executed. */
function runtimeEpolls(): number[] {
  const cloexec = 0o2000000
  const found: number[] = []
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`) !== 'anon_inode:[eventpoll]') continue
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))
      if ((Number.parseInt(flags?.[1] ?? '0', 8) & cloexec) !== 0) found.push(Number(name))
    } catch {
      // The descriptor of this very listing, which is closed by now.
    }
  }
  return found
}
