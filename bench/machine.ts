// The machine under the figures: what a reader needs to judge them.
import { cpus, loadavg, release, totalmem } from 'node:os'

/** The machine on which a comparison ran. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  /** Load average of the last minute, before the comparison: well under 1 where nothing else ran. */
  readonly loadBefore: number
}

/** This machine, now. */
export function thisMachine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    loadBefore: loadavg()[0] ?? 0,
  }
}

/** Why nothing can be measured here; undefined when it can. */
export function unfit(): string | undefined {
  if (process.platform !== 'linux') return 'it reads /proc, which only Linux has'
  if (cpus().length < 2) return 'it needs two cores: one for the server, one for the load'
  for (const program of ['taskset', 'wrk']) {
    if (Bun.which(program) === null) return `${program} is not installed`
  }
  return undefined
}
