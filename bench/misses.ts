// Misses: pages that must not be stored, so that every request reaches the origin. Against nginx as a plain reverse
// proxy, without a cache.
import type { Comparison, Row } from './comparison.ts'
import { compareLoad } from './load.ts'
import { nginxForward } from './peers/nginx-forward.ts'
import { ordinaryCrowd } from './visitors.ts'

export const misses: Comparison = {
  name: 'misses',
  sentence: 'Uncacheable pages of 8 KB, 64 and 256 connections',
  async run(bench) {
    const rows: Row[] = []
    for (const connections of [64, 256]) {
      rows.push(
        ...(await compareLoad(bench, {
          subject: `misses, 8 KB, ${connections} connections`,
          crowd: { ...ordinaryCrowd, path: (n) => `/pass/${n}`, revisits: 0 },
          connections,
          hits: 'none',
          peers: [{ peer: nginxForward, bar: { is: 'at least', value: 0.9 } }],
        })),
      )
    }
    return rows
  },
}
