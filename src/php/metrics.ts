// The figures of a report as a flat list of named samples: one table, from which the Prometheus and the Zabbix output
// are both made. Names follow Prometheus' conventions: base units, `_total` for what only grows. Pure.
import type { Advice } from './advice.ts'
import { fullness } from './fullness.ts'
import type { OpcacheOn, PoolStatus } from './reading.ts'
import type { MasterReport, PoolReport, Report } from './report.ts'

/** A figure with what tells it apart from others of its name, in order. */
export interface Sample {
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
}

/** Figures of one name. */
export interface Metric {
  /** Without the prefix `myriad_php_`. */
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** A figure, or several that one more label tells apart; undefined: not known. */
type Value = number | undefined | Readonly<Record<string, number>>

interface Row<T> {
  readonly name: string
  readonly type: Metric['type']
  readonly help: string
  /** The name of the label by which `of` tells several figures apart. */
  readonly by?: string
  readonly of: (from: T) => Value
}

const opcacheRows: readonly Row<OpcacheOn>[] = [
  {
    name: 'opcache_memory_bytes',
    type: 'gauge',
    help: 'Memory of OPcache.',
    by: 'state',
    of: ({ memory }) => ({ used: memory.usedBytes, free: memory.freeBytes, wasted: memory.wastedBytes }),
  },
  {
    name: 'opcache_full',
    type: 'gauge',
    help: '1 when there is no room for further scripts.',
    of: (opcache) => Number(fullness(opcache).memory || fullness(opcache).keys),
  },
  {
    name: 'opcache_restarting',
    type: 'gauge',
    help: '1 while the cache waits to be emptied, or is being emptied.',
    of: ({ restart }) => Number(restart !== 'none'),
  },
  { name: 'opcache_scripts', type: 'gauge', help: 'Scripts in the cache.', of: ({ scripts }) => scripts },
  { name: 'opcache_keys', type: 'gauge', help: 'Keys in the cache.', of: ({ keys }) => keys },
  {
    name: 'opcache_keys_limit',
    type: 'gauge',
    help: 'Keys there is room for.',
    of: ({ keysMax }) => keysMax,
  },
  {
    name: 'opcache_hits_total',
    type: 'counter',
    help: 'Scripts found in the cache.',
    of: ({ hits }) => hits,
  },
  {
    name: 'opcache_misses_total',
    type: 'counter',
    help: 'Scripts not found in it.',
    of: ({ misses }) => misses,
  },
  {
    name: 'opcache_restarts_total',
    type: 'counter',
    help: 'How often the cache was emptied, by cause: out of memory, out of keys, by hand.',
    by: 'cause',
    of: ({ restarts }) => restarts,
  },
  {
    name: 'opcache_interned_bytes',
    type: 'gauge',
    help: 'The buffer of interned strings.',
    by: 'state',
    of: ({ interned }) =>
      interned && { used: interned.usedBytes, free: Math.max(0, interned.bytes - interned.usedBytes) },
  },
  {
    name: 'opcache_interned_strings',
    type: 'gauge',
    help: 'Interned strings.',
    of: ({ interned }) => interned?.strings,
  },
  { name: 'opcache_jit_enabled', type: 'gauge', help: '1 when JIT is on.', of: ({ jit }) => Number(jit.on) },
  {
    name: 'opcache_jit_bytes',
    type: 'gauge',
    help: 'The buffer of JIT code.',
    by: 'state',
    of: ({ jit }) => ({ used: Math.max(0, jit.bufferBytes - jit.freeBytes), free: jit.freeBytes }),
  },
]

const poolRows: readonly Row<PoolStatus>[] = [
  {
    name: 'pool_processes',
    type: 'gauge',
    help: 'Workers of the pool; the one that answered counts as active.',
    by: 'state',
    of: ({ idle, active }) => ({ idle, active }),
  },
  {
    name: 'pool_active_max',
    type: 'gauge',
    help: 'The most workers that were active at once.',
    of: ({ activeMax }) => activeMax,
  },
  {
    name: 'pool_children_max_reached_total',
    type: 'counter',
    help: 'How often more workers were wanted than pm.max_children allows.',
    of: ({ childrenMaxReached }) => childrenMaxReached,
  },
  {
    name: 'pool_queue',
    type: 'gauge',
    help: 'Connections that wait to be accepted (TCP sockets only).',
    of: ({ queue }) => queue,
  },
  {
    name: 'pool_queue_max',
    type: 'gauge',
    help: 'The most connections that waited at once.',
    of: ({ queueMax }) => queueMax,
  },
  {
    name: 'pool_accepted_total',
    type: 'counter',
    help: 'Connections that were accepted.',
    of: ({ accepted }) => accepted,
  },
  {
    name: 'pool_slow_total',
    type: 'counter',
    help: 'Requests over request_slowlog_timeout.',
    of: ({ slow }) => slow,
  },
]

const masterRows: readonly Row<MasterReport>[] = [
  {
    name: 'opcache_enabled',
    type: 'gauge',
    help: '1 when OPcache is on.',
    of: ({ opcache }) =>
      opcache === undefined || opcache.state === 'untold' ? undefined : Number(opcache.state === 'on'),
  },
  {
    name: 'opcache_full_in_seconds',
    type: 'gauge',
    help: 'When the cache is full at the present rate; absent when it does not grow or too little is known.',
    of: ({ forecast }) => (forecast.kind === 'full' ? Math.round(forecast.inMs / 1000) : undefined),
  },
]

const upRow: Row<PoolReport> = {
  name: 'up',
  type: 'gauge',
  help: '1 when the pool answered.',
  of: ({ answer }) => Number(answer.kind === 'answered'),
}

/** The figures of a report. Metrics without a sample are left out. */
export function metricsOf(report: Report): readonly Metric[] {
  const masters = report.masters.map((master) => [master, [['master', master.name]]] as const)
  const caches = masters.flatMap(([{ opcache }, labels]) =>
    opcache?.state === 'on' ? [[opcache, labels] as const] : [],
  )
  const pools = masters.flatMap(([master, labels]) =>
    master.pools.map((pool) => [pool, [...labels, ['pool', pool.name]]] as const),
  )
  const told = pools.flatMap(([{ answer }, labels]) =>
    answer.status === undefined ? [] : [[answer.status, labels] as const],
  )
  return [
    metricOf(upRow, pools),
    ...masterRows.map((row) => metricOf(row, masters)),
    ...opcacheRows.map((row) => metricOf(row, caches)),
    ...poolRows.map((row) => metricOf(row, told)),
  ].filter(({ samples }) => samples.length > 0)
}

/** Advice as figures: 1 for each, told apart by what it is about. */
export function adviceMetrics(advice: readonly Advice[]): readonly Metric[] {
  const samples = advice.map(({ master, pool, subject, weight }) => ({
    labels: [
      ['master', master],
      ['pool', pool ?? ''],
      ['setting', subject],
      ['weight', weight],
    ] as const,
    value: 1,
  }))
  const count = { labels: [], value: advice.length }
  return [
    { name: 'advice_count', type: 'gauge', help: 'How many settings could be better.', samples: [count] },
    ...(samples.length === 0
      ? []
      : [{ name: 'advice', type: 'gauge', help: 'What could be better.', samples } as const]),
  ]
}

type Labels = Sample['labels']

function metricOf<T>(
  row: Row<T>,
  sources: readonly (readonly [T, readonly (readonly string[])[]])[],
): Metric {
  const samples = sources.flatMap(([source, labels]) => {
    const value = row.of(source)
    if (value === undefined) return []
    if (typeof value === 'number') return [{ labels: labels as Labels, value }]
    return Object.entries(value).map(([state, each]) => ({
      labels: [...(labels as Labels), [row.by!, state] as const],
      value: each,
    }))
  })
  return { name: row.name, type: row.type, help: row.help, samples }
}
