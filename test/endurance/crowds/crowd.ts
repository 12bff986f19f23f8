// What a hostile or slow crowd is, as a process of its own carries it out (crowd-process.ts).
import { realClock, realTimers } from '../../../src/base/clock.ts'

/** A crowd, and what it has done so far. */
export interface CrowdFigures {
  /** Connections that are open now. */
  readonly open: number
  /** Connections that were opened. */
  readonly opened: number
  /** Connections that the server has ended. */
  readonly ended: number
  /** Bytes sent and read. */
  readonly sentBytes: number
  readonly readBytes: number
}

/** Counts as a crowd goes on. */
export class CrowdCounts {
  open = 0
  opened = 0
  ended = 0
  sentBytes = 0
  readBytes = 0
}

/** Where a crowd goes, and how large it is. */
export interface CrowdPlan {
  readonly port: number
  readonly count: number
  readonly path: string
}

/** Begins; resolves when all are there. */
export type StartCrowd = (plan: CrowdPlan, counts: CrowdCounts) => Promise<void>

/** How many connections are opened at once, so that no listen queue overflows. */
const atOnce = 250

/** Opens `count` connections, some at a time. */
export async function openAll(count: number, open: (place: number) => Promise<void>): Promise<void> {
  for (let place = 0; place < count; place += atOnce) {
    const batch = Math.min(atOnce, count - place)
    await Promise.all(Array.from({ length: batch }, (_, i) => open(place + i)))
  }
}

/** Calls `run` with each place in turn, so that each has its turn once in `roundMs`. */
export function inTurn(count: number, roundMs: number, run: (place: number) => void): void {
  const startMs = realClock.monotonicMs()
  let done = 0
  realTimers.every(20, () => {
    const due = Math.floor(((realClock.monotonicMs() - startMs) / roundMs) * count)
    for (; done < due; done++) run(done % count)
  })
}
