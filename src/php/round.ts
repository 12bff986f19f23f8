// One round: every pool of every master is asked at the same time, and what comes back is put together as a report. A
// pool that does not answer does not keep the others from being told.
import type { Clock } from '../base/clock.ts'
import { ask, askStatusPage, type Asking } from './ask.ts'
import { availableBytes, workerBytes } from './discovery.ts'
import { forecast } from './forecast.ts'
import { markOf, remember, type History } from './history.ts'
import { addressText, type Master, type Pool } from './pool.ts'
import type { Question } from './question.ts'
import { readDeed, readStatus, type Deed, type PoolReading, type PoolStatus, type Unread } from './reading.ts'
import type { MasterReport, PoolAnswer, PoolReport, Report, Tree } from './report.ts'

/** A pool and what came back from it. */
interface Asked {
  readonly pool: Pool
  readonly reading: PoolReading | Unread
  /** Of a pool that did not answer: what its status page tells. */
  readonly page: PoolStatus | undefined
}

/** The report, and the history with it. */
export async function readAll(
  masters: readonly Master[],
  asking: Asking,
  clock: Clock,
  before: History,
  tree: Tree | undefined,
): Promise<{ readonly report: Report; readonly history: History }> {
  const asked = await Promise.all(
    masters.map(async (master) => ({
      master,
      pools: await Promise.all(master.pools.map((pool) => askStatus(pool, asking))),
    })),
  )
  const atMs = clock.nowMs()
  let history = before
  const reports = sharedByUnknown(asked).map(({ master, pools }) => {
    const read = pools.flatMap(({ reading }) => ('error' in reading ? [] : [reading]))
    const best = read.find(({ opcache }) => opcache.state === 'on') ?? read[0]
    if (best?.opcache.state === 'on') history = remember(history, master.name, markOf(best.opcache, atMs))
    const report: MasterReport = {
      name: master.name,
      pid: master.pid,
      php: best?.php,
      opcache: best?.opcache,
      pools: pools.map((each) => poolReport(master, each)),
      forecast: forecast(best?.opcache.state === 'on' ? (history[master.name] ?? []) : []),
      isQuestionCached: read.some(({ isQuestionCached }) => isQuestionCached),
    }
    return report
  })
  return {
    report: { at: Math.floor(atMs / 1000), masters: reports, availableBytes: availableBytes(), tree },
    history,
  }
}

/** How a reset or an invalidation went in a pool. */
export interface Done {
  readonly master: string
  readonly pool: string
  readonly deed: Deed | Unread
}

/**
 * Has each master empty its cache, or drop a file of it. Pools of one master share the cache: they are asked one after
 * another until one has done it, since a second reset would be refused while the first is under way.
 */
export async function doAll(
  masters: readonly Master[],
  question: Question,
  asking: Asking,
): Promise<readonly Done[]> {
  const done = await Promise.all(
    masters.map(async (master) => {
      const tried: Done[] = []
      for (const pool of master.pools) {
        const body = await ask(pool, question, asking)
        const deed = typeof body === 'string' ? readDeed(body) : body
        tried.push({ master: master.name, pool: pool.name, deed })
        if ('done' in deed && (deed.done || deed.wasCached === false)) break
      }
      return tried
    }),
  )
  return done.flat()
}

async function askStatus(pool: Pool, asking: Asking): Promise<Asked> {
  const body = await ask(pool, { kind: 'status' }, asking)
  const reading = typeof body === 'string' ? readStatus(body) : body
  const isTold = !('error' in reading) && reading.pool !== undefined
  return { pool, reading, page: isTold ? undefined : await askStatusPage(pool, asking) }
}

interface AskedMaster {
  readonly master: Master
  readonly pools: readonly Asked[]
}

/** Sockets of which no master is known belong together when their workers name the same one and the same cache. */
function sharedByUnknown(asked: readonly AskedMaster[]): readonly AskedMaster[] {
  const together = new Map<string, AskedMaster>()
  for (const each of asked) {
    const key = each.master.pid === undefined ? keyOfUnknown(each) : `pid ${each.master.pid}`
    const known = together.get(key)
    if (known === undefined) together.set(key, each)
    else together.set(key, { master: known.master, pools: [...known.pools, ...each.pools] })
  }
  return [...together.values()]
}

function keyOfUnknown({ master, pools }: AskedMaster): string {
  const reading = pools[0]?.reading
  if (reading === undefined || 'error' in reading || reading.parent === undefined)
    return `name ${master.name}`
  const startedAt = reading.opcache.state === 'on' ? reading.opcache.startedAt : 0
  return `parent ${reading.parent} ${startedAt}`
}

function poolReport(master: Master, { pool, reading, page }: Asked): PoolReport {
  const answer: PoolAnswer =
    'error' in reading
      ? { kind: 'silent', why: reading.error, status: page }
      : { kind: 'answered', status: reading.pool ?? page, opcache: reading.opcache.state }
  return {
    name: answer.status?.name ?? pool.name,
    address: addressText(pool.address),
    account: pool.account,
    chroot: pool.chroot,
    answer,
    childrenMax: pool.childrenMax,
    workerBytes: master.pid === undefined ? undefined : workerBytes(master.pid, pool.name),
  }
}
