// What a running Myriad tells about itself over its control socket.
import type { FunnelSnapshot } from '../observe/funnel.ts'

export interface Status {
  readonly version: string
  readonly pid: number
  readonly runningMs: number
  /** Where it listens, as URLs. */
  readonly addresses: readonly string[]
  readonly routes: readonly RouteStatus[]
  readonly memory: MemoryStatus
  readonly funnel: FunnelSnapshot
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
