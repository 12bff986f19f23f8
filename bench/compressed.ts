// Hits for visitors who accept compressed pages, in two ways of life. Where the application does not compress, nginx
// as packaged compresses each answer anew. Where it does, nginx tuned and HAProxy store what it sent.
// 5,000 pages, so that they fit into 128 MB, the memory tier's default, in several codings.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginxPackaged } from './peers/nginx-packaged.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { ordinaryCrowd } from './visitors.ts'

const browsers = {
  ...ordinaryCrowd,
  pages: 5000,
  encodings: ['gzip, deflate, br, zstd', 'gzip, deflate, br', 'gzip, deflate'],
}

export const compressed: Comparison = {
  name: 'compressed',
  sentence: 'Cached pages of 8 KB for browsers, which accept gzip and mostly br and zstd, 64 connections',
  async run(bench) {
    const common = { connections: 64, hits: 'all', coded: true } as const
    const byEdge = await compareLoad(bench, {
      ...common,
      subject: 'compressed hits, application sends plain pages',
      crowd: browsers,
      peers: [{ peer: nginxPackaged }],
    })
    const byApplication = await compareLoad(bench, {
      ...common,
      subject: 'compressed hits, application compresses',
      crowd: { ...browsers, path: (n) => `/zip/${n}` },
      peers: [{ peer: nginxTuned }, { peer: haproxy }],
    })
    return [...byEdge, ...byApplication]
  },
}
