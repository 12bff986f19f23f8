// Rows, their verdicts, and the tables.
import { describe, expect, test } from 'bun:test'
import { meetsBar, ratioRow, type FigureRow, type Row } from './comparison.ts'
import { betweenMarkers, cellsOf, heads, markdownTable, terminalTable } from './render.ts'

const faster = ratioRow(
  {
    subject: 'hits',
    against: 'nginx',
    unit: 'requests per CPU-second',
    figure: 'perCpuSecond',
    beside: 'perSecond',
    bar: { is: 'at least', value: 1.5 },
  },
  [
    {
      theirs: { perCpuSecond: 40_000, perSecond: 30_000 },
      ours: { perCpuSecond: 80_000, perSecond: 60_000 },
    },
    {
      theirs: { perCpuSecond: 50_000, perSecond: 30_000 },
      ours: { perCpuSecond: 50_000, perSecond: 60_000 },
    },
    {
      theirs: { perCpuSecond: 40_000, perSecond: 30_000 },
      ours: { perCpuSecond: 64_000, perSecond: 60_000 },
    },
  ],
)

const memory: FigureRow = {
  kind: 'figure',
  subject: 'memory',
  unit: 'MB',
  ours: [10, 70],
  theirs: [{ name: 'nginx', values: [5] }],
  bar: { is: 'at most', value: 64 },
}

const absent: Row = { kind: 'skipped', subject: 'hits', against: 'Varnish', reason: 'not installed' }

describe('a bar', () => {
  test('judges the median of the ratios', () => {
    expect(faster.ratio).toEqual({ median: 1.6, min: 1, max: 2 })
    expect(meetsBar(faster)).toBe(true)
  })

  test('judges the worst of our own figures', () => {
    expect(meetsBar(memory)).toBe(false)
    expect(meetsBar({ ...memory, bar: { is: 'at least', value: 10 } })).toBe(true)
  })

  test('that is not there judges nothing', () => {
    const { bar: _, ...without } = memory
    expect(meetsBar(without)).toBeUndefined()
  })

  test('is missed by a ratio that is not a number', () => {
    expect(
      meetsBar(ratioRow({ ...faster }, [{ theirs: { perCpuSecond: 0 }, ours: { perCpuSecond: 0 } }])),
    ).toBe(false)
  })
})

describe('cells', () => {
  test('show medians, what stands beside them, the spread and the verdict', () => {
    expect(cellsOf(faster)).toEqual([
      'hits (requests per CPU-second)',
      'nginx',
      '64,000 (60,000/s)',
      '40,000 (30,000/s)',
      '1.60 (1.00 to 2.00)',
      'at least 1.5',
      'pass',
    ])
    expect(cellsOf(memory).slice(2)).toEqual(['40 (10 to 70)', '5', '', 'at most 64', 'miss'])
  })

  test('say why there is nothing', () => {
    expect(cellsOf(absent).at(-1)).toBe('skipped: not installed')
  })

  test('are as many as the columns, in either table', () => {
    const rows = [faster, memory, absent]
    for (const row of rows) expect(cellsOf(row)).toHaveLength(heads.length)
    expect(markdownTable(rows).split('\n')).toHaveLength(5)
    expect(terminalTable(rows).split('\n')).toHaveLength(4)
  })
})

describe('betweenMarkers', () => {
  test('replaces what stands between, and keeps the markers', () => {
    expect(betweenMarkers('a\n<s>\nold\n<e>\nz', '<s>', '<e>', 'new')).toBe('a\n<s>\nnew\n<e>\nz')
  })

  test('refuses a text without markers', () => {
    expect(() => betweenMarkers('a', '<s>', '<e>', 'new')).toThrow('<s>')
  })
})
