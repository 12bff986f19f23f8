// The judgement on every request of a load: what was answered as it should, and each failure with its cause, its time and
// the connection that it happened on.
import { realClock } from '../../../src/base/clock.ts'

/** A connection of the load. */
export interface Connection {
  /** The port of the client's side. */
  readonly port: number
  /** When it was asked for, by the monotonic clock: when it was open is known to the kernel before it is told here. */
  readonly beganMs: number
}

/** A request that was not answered as it should. */
export interface Failure {
  /** What kind of visitor asked. */
  readonly visitor: string
  /** The request, or what else was tried. */
  readonly what: string
  readonly cause: string
  /** When it was sent and when it failed, by the monotonic clock. */
  readonly sentMs: number
  readonly failedMs: number
  /** Undefined: there was none yet. */
  readonly connection: Connection | undefined
}

/** What a load has seen so far. */
export class Judge {
  /** Whether visitors go on. */
  going = true
  readonly failures: Failure[] = []
  /** Requests that were answered as they should, by kind of visitor. */
  readonly answered = new Map<string, number>()
  /** Requests that the server has told to send again elsewhere: it had not begun them. */
  repeated = 0

  get answeredInAll(): number {
    return [...this.answered.values()].reduce((sum, count) => sum + count, 0)
  }

  pass(visitor: string): void {
    this.answered.set(visitor, (this.answered.get(visitor) ?? 0) + 1)
  }

  fail(failure: Omit<Failure, 'failedMs' | 'cause'>, error: unknown): void {
    const cause = error instanceof Error ? causesOf(error) : String(error)
    this.failures.push({ ...failure, cause, failedMs: realClock.monotonicMs() })
  }
}

/** An error with what caused it. */
function causesOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
