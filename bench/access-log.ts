// What the access log costs: hits with the log on against the same without it, JSON lines to a file. Everything else of the
// two is the same.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { myriad, serveCommand } from './peers/myriad.ts'
import type { Peer } from './peers/peer.ts'
import { ordinaryCrowd } from './visitors.ts'

export const accessLog: Comparison = {
  name: 'access-log',
  sentence: 'The main comparison with the access log on, against the same with it off',
  run: (bench) =>
    compareLoad(bench, {
      subject: 'hits, 8 KB, access log on',
      crowd: ordinaryCrowd,
      connections: 64,
      hits: 'all',
      peers: [{ peer: withLog('Myriad without its log', 'off'), bar: { is: 'at least', value: 0.8 } }],
      ours: withLog('Myriad', 'access.log'),
    }),
}

/** The same server, with the log or without. */
function withLog(name: string, access: string): Peer {
  return { ...myriad, name, prepare: (place) => serveCommand(place, { log: { access } }) }
}
