// The funnel's terminal view, from snapshots of a real funnel.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { FakeClock } from '../../testing/fake-clock.ts'
import { tiers, type Tier } from '../base/record.ts'
import { Funnel, type FunnelSnapshot } from '../observe/funnel.ts'
import { funnelLine, funnelLines, reasonTotals, redraw, type FunnelView } from './funnel-view.ts'

const plain = { columns: 200, colour: false }

function viewOf(counts: Partial<Record<Tier, number>>, runningMs = 0): FunnelView {
  const clock = new FakeClock()
  const funnel = new Funnel(clock)
  for (const tier of tiers) {
    for (let i = 0; i < (counts[tier] ?? 0); i++) funnel.answered(tier, 'fresh', 200, clock.monotonicMs())
  }
  const snapshot: FunnelSnapshot = funnel.snapshot()
  return { snapshot, title: 'calendar  http://127.0.0.1:8080', runningMs }
}

const lineOf = (lines: string[], word: string): string => lines.find((line) => line.includes(word)) ?? ''

test('the headline is the share of requests that ran no application code', () => {
  const lines = funnelLines(viewOf({ browser: 20, memory: 60, revalidated: 10, origin: 10 }), plain)
  expect(lineOf(lines, 'ran no application code')).toStartWith('  80.0%')
})

test('a share just below everything is not shown as everything', () => {
  expect(lineOf(funnelLines(viewOf({ memory: 2999, origin: 1 }), plain), 'ran no')).toStartWith('  99.9%')
  expect(lineOf(funnelLines(viewOf({ memory: 3000 }), plain), 'ran no')).toStartWith('  100%')
})

test('before the first request there is no share, and every tier shows zero', () => {
  const lines = funnelLines(viewOf({}), plain)
  expect(lineOf(lines, 'ran no')).toStartWith('  –')
  expect(lineOf(lines, 'memory')).toMatch(/memory\s+0\s+0\.0%/)
  expect(lines.at(-1)).toContain('waiting for the first request')
})

test('each tier has its count, its share and a bar as long as its share', () => {
  const lines = funnelLines(viewOf({ memory: 750, origin: 250 }), plain)
  expect(lineOf(lines, 'memory')).toMatch(/memory\s+750\s+75\.0% {2}█{13}▌ /)
  expect(lineOf(lines, '  application')).toMatch(/application\s+250\s+25\.0% {2}█{4}▌ /)
})

test('a tier with a single request among thousands still shows', () => {
  expect(lineOf(funnelLines(viewOf({ memory: 5000, origin: 1 }), plain), '  application')).toContain('▏')
})

test('no row is wider than the terminal, with or without colours', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), fc.boolean(), fc.nat(3000), (columns, colour, memory) => {
      for (const line of funnelLines(viewOf({ memory, origin: 3 }), { columns, colour })) {
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns)
      }
    }),
    { numRuns: 30 },
  )
})

test('without colours there is no control sequence', () => {
  const view = viewOf({ memory: 1 })
  expect(funnelLines(view, plain).join('')).not.toContain('\x1b')
  expect(funnelLines(view, { columns: 200, colour: true }).join('')).toContain('\x1b[1;32m')
})

test('the plain line tells the same in one line', () => {
  const line = funnelLine(viewOf({ memory: 9, origin: 1 }, 3_725_000))
  expect(line).toStartWith('90.0% ran no application code · 10 requests (memory 9, application 1) · ')
  expect(line).toEndWith('1 h 2 min')
  expect(line).not.toContain('\n')
})

test('a reason that occurs in two tiers is counted once', () => {
  const view = viewOf({ browser: 2, memory: 3 })
  expect(reasonTotals(view.snapshot)).toEqual([['fresh', 5]])
  expect(funnelLines(view, plain).at(-1)).toBe('  fresh 5')
})

test('redrawing goes back over the rows that were drawn, and clears what is left of them', () => {
  expect(redraw(0, ['a', 'b'])).toBe('a\x1b[K\nb\x1b[K\n\x1b[J')
  expect(redraw(2, ['c'])).toStartWith('\x1b[2A\r')
})
