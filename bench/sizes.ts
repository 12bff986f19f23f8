// Hits in other sizes, against nginx tuned: what sendfile is good at. Fewer pages where they are large, so that every
// size fits into 128 MB, the memory tier's default.
import type { Bar, Comparison, Row } from './comparison.ts'
import { compareLoad } from './load.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { ordinaryCrowd } from './visitors.ts'

interface Size {
  readonly label: string
  readonly bytes: number
  readonly pages: number
  readonly bar?: Bar
}

const sizes: readonly Size[] = [
  { label: '1 KB', bytes: 1024, pages: 10_000 },
  { label: '100 KB', bytes: 100 * 1024, pages: 400, bar: { is: 'at least', value: 1 } },
  { label: '1 MB', bytes: 1024 * 1024, pages: 40, bar: { is: 'at least', value: 1 } },
]

export const sizesOfHits: Comparison = {
  name: 'sizes',
  sentence: 'Cached pages of 1 KB, 100 KB and 1 MB, 64 connections',
  async run(bench) {
    const rows: Row[] = []
    for (const { label, bytes, pages, bar } of sizes) {
      const crowd = { ...ordinaryCrowd, pages, path: (n: number) => `/size/${bytes}/${n}` }
      const peers = [{ peer: nginxTuned, ...(bar && { bar }) }]
      rows.push(
        ...(await compareLoad(bench, {
          subject: `hits, ${label}`,
          crowd,
          connections: 64,
          hits: 'all',
          peers,
        })),
      )
    }
    return rows
  },
}
