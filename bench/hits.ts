// Hits: the main comparison. 8 KB pages out of the cache, for visitors as they are, against every peer.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginxPackaged } from './peers/nginx-packaged.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { varnish } from './peers/varnish.ts'
import { ordinaryCrowd } from './visitors.ts'

export const hits: Comparison = {
  name: 'hits',
  sentence: 'Cached pages of 8 KB: 10,000 URLs by Zipf, cookies, languages, 5% revisits, 64 connections',
  run: (bench) =>
    compareLoad(bench, {
      subject: 'hits, 8 KB',
      crowd: ordinaryCrowd,
      connections: 64,
      hits: 'all',
      peers: [
        { peer: nginxPackaged, bar: { is: 'at least', value: 1.6 } },
        { peer: nginxTuned, bar: { is: 'at least', value: 1.25 } },
        { peer: varnish, bar: { is: 'at least', value: 1.6 } },
        { peer: haproxy, bar: { is: 'at least', value: 1.1 } },
      ],
    }),
}
