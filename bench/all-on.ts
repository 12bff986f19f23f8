// Everything on that users have on (peers/myriad-all-on.ts), against the plain profile: hits in clear text, and over TLS with
// HTTP/2; and with all that can stand in the way of a request besides. Sealed routes are not there yet; one belongs to this
// profile when they are.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { myriadAllOn, myriadAllOnTls, myriadGuarded } from './peers/myriad-all-on.ts'
import { myriad, myriadTls } from './peers/myriad.ts'
import type { Peer } from './peers/peer.ts'
import { compareTlsHits, overTls } from './tls-hits.ts'
import { ordinaryCrowd } from './visitors.ts'

const bar = { is: 'at least', value: 0.8 } as const
const plain: Peer = { ...myriad, name: 'Myriad, plain' }
const plainTls: Peer = { ...myriadTls, name: 'Myriad, plain, TLS' }

export const allOn: Comparison = {
  name: 'all-on',
  sentence:
    'Cached pages of 8 KB with everything on: two processes, logs, figures read each second; then rates, rules, bans and countries',
  async run(bench) {
    const pages = { crowd: ordinaryCrowd, connections: 64, hits: 'all' } as const
    const clear = await compareLoad(bench, {
      subject: 'everything on, hits of 8 KB',
      ...pages,
      peers: [{ peer: plain, bar }],
      ours: myriadAllOn,
    })
    const subject = 'everything on, TLS, hits of 8 KB, HTTP/2'
    const secure = await overTls(plainTls, myriadAllOnTls, async (servers) => [
      await compareTlsHits(bench, { subject, protocol: 'h2', bar }, servers),
    ])
    const guarded = await compareLoad(bench, {
      subject: 'everything on, with rates, rules, bans and countries',
      ...pages,
      peers: [{ peer: plain }],
      ours: myriadGuarded,
    })
    return [...clear, ...secure, ...guarded]
  },
}
