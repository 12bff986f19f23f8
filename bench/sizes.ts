// Hits in other sizes, against nginx tuned: what sendfile is good at. Pages of several segments are measured against
// both of its forms (peers/nginx-tuned.ts), with the same bar. Fewer pages where they are large, so that every size
// fits into 128 MB, the memory tier's default.
import type { Comparison, Row } from './comparison.ts'
import { compareLoad, type LoadCase } from './load.ts'
import { nginxTuned, nginxTunedUncorked } from './peers/nginx-tuned.ts'
import { ordinaryCrowd } from './visitors.ts'

interface Size {
  readonly label: string
  readonly bytes: number
  readonly pages: number
  readonly peers: LoadCase['peers']
}

const bar = { is: 'at least', value: 1 } as const
const bothForms = [
  { peer: nginxTuned, bar },
  { peer: nginxTunedUncorked, bar },
]

const sizes: readonly Size[] = [
  { label: '1 KB', bytes: 1024, pages: 10_000, peers: [{ peer: nginxTuned }] },
  { label: '100 KB', bytes: 100 * 1024, pages: 400, peers: bothForms },
  { label: '1 MB', bytes: 1024 * 1024, pages: 40, peers: bothForms },
]

export const sizesOfHits: Comparison = {
  name: 'sizes',
  sentence: 'Cached pages of 1 KB, 100 KB and 1 MB, 64 connections',
  async run(bench) {
    const rows: Row[] = []
    for (const { label, bytes, pages, peers } of sizes) {
      const crowd = { ...ordinaryCrowd, pages, path: (n: number) => `/size/${bytes}/${n}` }
      const common = { connections: 64, hits: 'all' } as const
      rows.push(...(await compareLoad(bench, { subject: `hits, ${label}`, crowd, peers, ...common })))
    }
    return rows
  },
}
