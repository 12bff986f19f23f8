// Advice on the workers of each pool. Pure.
import type { Advice } from './advice.ts'
import { bytesText } from './figures.ts'
import type { MasterReport, PoolReport } from './report.ts'
import type { PoolStatus } from './reading.ts'

/** More workers may take this share of what memory is available; the rest is for what else grows. */
const memoryShare = 0.5

/** Advice on `pm.max_children`, and on pools that do without OPcache. */
export function poolAdvice(master: MasterReport, availableBytes: number | undefined): readonly Advice[] {
  return master.pools.flatMap((pool) => {
    const about = { master: master.name, pool: pool.name }
    const found: Advice[] = []
    const status = pool.answer.status
    const children = status === undefined ? undefined : childrenAdvice(pool, status, availableBytes)
    if (children !== undefined) found.push({ ...about, ...children })
    if (isAloneWithoutOpcache(master, pool)) {
      found.push({
        ...about,
        weight: 'fault',
        subject: 'opcache.enable',
        lines: ['php_admin_value[opcache.enable] = 1'],
        reason: 'OPcache is on, but not in this pool: its requests compile all their scripts anew',
        readings: ['opcache.enable 0 in this pool, 1 in others of its master'],
      })
    }
    return found
  })
}

function isAloneWithoutOpcache({ opcache }: MasterReport, { answer }: PoolReport): boolean {
  return opcache?.state === 'on' && answer.kind === 'answered' && answer.opcache === 'off'
}

function childrenAdvice(
  { childrenMax, workerBytes }: PoolReport,
  status: PoolStatus,
  availableBytes: number | undefined,
): Omit<Advice, 'master' | 'pool'> | undefined {
  const max = childrenMax ?? status.total
  const wereAllBusy = status.activeMax >= max
  // Where workers are started on demand, php-fpm counts every connection that comes while all of them run, idle or not.
  const isReached = status.childrenMaxReached > 0 && (status.manager !== 'ondemand' || wereAllBusy)
  // A static pool never grows, so it does not count how often it wanted to; what queued tells it.
  const isQueued = status.queueMax > 0 && wereAllBusy
  if ((!isReached && !isQueued) || max === 0) return undefined
  const readings = [
    `max children reached ${status.childrenMaxReached} times, max active processes ${status.activeMax}, pm.max_children ${max}`,
    ...(status.queueMax > 0 ? [`max listen queue ${status.queueMax}`] : []),
  ]
  const about = { weight: 'fault', subject: 'pm.max_children' } as const
  if (workerBytes === undefined || availableBytes === undefined) {
    return {
      ...about,
      lines: [`pm.max_children = ${Math.ceil(max * 1.5)}`],
      reason: 'requests waited because all workers were busy; watch the memory, which could not be read',
      readings,
    }
  }
  const room = Math.floor((availableBytes * memoryShare) / workerBytes)
  const memory = `a worker takes ${bytesText(workerBytes)}, available ${bytesText(availableBytes)}`
  if (room < 1) {
    return {
      ...about,
      lines: [],
      reason:
        'requests waited because all workers were busy, and there is no memory for more: ' +
        'fewer requests to PHP (a cache in front), smaller workers or more memory help',
      readings: [...readings, memory],
    }
  }
  return {
    ...about,
    lines: [`pm.max_children = ${max + Math.min(max, room)}`],
    reason: 'requests waited because all workers were busy',
    readings: [...readings, memory],
  }
}
