// The figures in the forms that monitoring reads: what holds for every name, with any characters in it.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { adviceMetrics, type Metric, metricsOf } from './metrics.ts'
import { prometheusText } from './prometheus.ts'
import type { Report } from './report.ts'
import { zabbixText } from './zabbix.ts'

const report = (master: string, pool: string): Report => ({
  at: 1_800_000_000,
  masters: [
    {
      name: master,
      pid: 1,
      php: '8.2.29',
      opcache: { state: 'off', why: 'not enabled' },
      forecast: { kind: 'steady', overMs: 1 },
      isQuestionCached: false,
      pools: [
        {
          name: pool,
          address: '/run/a.sock',
          account: undefined,
          chroot: undefined,
          childrenMax: undefined,
          workerBytes: undefined,
          answer: { kind: 'silent', why: 'gone', status: undefined },
        },
      ],
    },
  ],
  availableBytes: undefined,
  tree: undefined,
})

const unescape = (written: string): string =>
  written.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))

/** A reader of the text format, as strict as the format's description. */
function scraped(text: string): readonly (readonly [string, Record<string, string>, number])[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map((line) => {
      const [, name, pairs, value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)!
      const labels = [...(pairs ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/g)]
      expect(labels.map((label) => label[0]).join('')).toBe(pairs ?? '')
      return [
        name!,
        Object.fromEntries(labels.map((label) => [label[1]!, unescape(label[2]!)])),
        Number(value),
      ] as const
    })
}

test('Prometheus: names and labels come back as they were, whatever is in them', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (master, pool) => {
      const metrics = metricsOf(report(master, pool))
      expect(scraped(prometheusText(metrics))).toEqual([
        ['myriad_php_up', { master, pool }, 0],
        ['myriad_php_opcache_enabled', { master }, 0],
      ])
    }),
  )
})

test('Prometheus: each metric has its help and its type once, before its samples', () => {
  const metric: Metric = {
    name: 'pool_queue',
    type: 'gauge',
    help: 'Connections that wait.',
    samples: [
      { labels: [['pool', 'a']], value: 1 },
      { labels: [['pool', 'b']], value: 2 },
    ],
  }
  expect(prometheusText([metric])).toBe(`# HELP myriad_php_pool_queue Connections that wait.
# TYPE myriad_php_pool_queue gauge
myriad_php_pool_queue{pool="a"} 1
myriad_php_pool_queue{pool="b"} 2
`)
})

test('Zabbix: discovery first, then a line for each figure', () => {
  const from = report('/etc/php-fpm.conf', 'www')
  expect(zabbixText(metricsOf(from), from))
    .toBe(String.raw`- myriad.php.masters "[{\"{#MASTER}\":\"/etc/php-fpm.conf\"}]"
- myriad.php.pools "[{\"{#MASTER}\":\"/etc/php-fpm.conf\",\"{#POOL}\":\"www\"}]"
- myriad.php.up[/etc/php-fpm.conf,www] 0
- myriad.php.opcache.enabled[/etc/php-fpm.conf] 0
`)
})

test('Zabbix: parameters that would not be read as one are quoted, and lines stay lines', () => {
  const from = report('a, b]', '"c"\n')
  expect(zabbixText(metricsOf(from), from).split('\n')[2]).toBe(
    String.raw`- "myriad.php.up[\"a, b]\",\"\\\"c\\\"\n\"]" 0`,
  )
})

test('advice as figures: how many, and each with what it is about', () => {
  const advice = {
    weight: 'fault',
    master: 'm',
    pool: undefined,
    subject: 'opcache.enable',
    lines: [],
    reason: '',
    readings: [],
  } as const
  expect(prometheusText(adviceMetrics([]))).toEndWith('myriad_php_advice_count 0\n')
  expect(scraped(prometheusText(adviceMetrics([advice])))).toEqual([
    ['myriad_php_advice_count', {}, 1],
    ['myriad_php_advice', { master: 'm', pool: '', setting: 'opcache.enable', weight: 'fault' }, 1],
  ])
})
