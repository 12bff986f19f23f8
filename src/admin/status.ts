// What a running Myriad tells about itself over its control socket.
import type { FunnelSnapshot } from '../observe/funnel.ts'

export interface Status {
  readonly version: string
  readonly pid: number
  readonly runningMs: number
  /** Where it listens, as URLs. */
  readonly addresses: readonly string[]
  readonly routes: readonly RouteStatus[]
  /** The sums over all processes, as below. */
  readonly memory: MemoryStatus
  /** Connections of clients that are open. */
  readonly connections: number
  /** Over all processes, those that have ended too. */
  readonly funnel: FunnelSnapshot
  /** Those that serve, and those that are ending. Where one process does everything, that one. */
  readonly processes: readonly ProcessStatus[]
}

/** One of the processes that serve. */
export interface ProcessStatus {
  readonly pid: number
  readonly runningMs: number
  /** How often the process in this place has died and was started again. */
  readonly restarts: number
  /** Absent: it has told nothing yet. */
  readonly requests?: number
  readonly memory?: MemoryStatus
  readonly connections?: number
}

export interface RouteStatus {
  readonly name: string
  readonly service: string
}

/** The memory tier: what its stored responses take of the budget. */
export interface MemoryStatus {
  readonly objects: number
  readonly usedBytes: number
  readonly budgetBytes: number
}
