// Certificates as a person reads of them.
import { expect, test } from 'bun:test'
import { certificateLines } from './certificates-view.ts'

const nowMs = Date.UTC(2026, 0, 1)
const [min, hour, day] = [60_000, 3_600_000, 86_400_000]
const base = { onDemand: false, held: undefined, orderAtMs: nowMs, lastTrouble: undefined }

test('what there is, for how long, what is next, and what went wrong', () => {
  const held = (leftMs: number) => ({ issuer: 'CA R1', notAfterMs: nowMs + leftMs, renewAtMs: nowMs })
  const lines = certificateLines(
    [
      { ...base, name: 'a.example' },
      { ...base, name: 'www.a.example', held: held(89.5 * day), orderAtMs: nowMs + 59.9 * day },
      {
        ...base,
        name: 'b.example',
        held: held(5 * hour),
        orderAtMs: nowMs + 5 * min,
        lastTrouble: { atMs: nowMs - min, text: 'no' },
      },
      { ...base, name: 'c.example', held: held(-3 * day) },
      { ...base, name: 'd.example', lastTrouble: { atMs: nowMs - 3 * hour, text: 'no' } },
    ],
    nowMs,
  )
  expect(lines).toEqual([
    '  a.example      none yet',
    '  www.a.example  from CA R1, 89 days left, renewed in 59 days',
    '  b.example      from CA R1, 5 hours left, renewed in 5 min; failed 1 min ago, next attempt in 5 min: no',
    '  c.example      from CA R1, ended 3 days ago, to be renewed now',
    '  d.example      none yet; failed 3 hours ago: no',
  ])
  expect(certificateLines([], nowMs)).toEqual([])
})
