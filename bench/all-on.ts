// Everything on that users have on (peers/myriad-all-on.ts), against the plain profile: hits in clear text, and over TLS with
// HTTP/2. Sealed routes are not there yet; one belongs to this profile when they are.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { myriadAllOn, myriadAllOnTls } from './peers/myriad-all-on.ts'
import { myriad, myriadTls } from './peers/myriad.ts'
import { compareTlsHits, overTls } from './tls-hits.ts'
import { ordinaryCrowd } from './visitors.ts'

const bar = { is: 'at least', value: 0.8 } as const

export const allOn: Comparison = {
  name: 'all-on',
  sentence:
    'Cached pages of 8 KB with everything on: two processes, logs, rates, rules, bans, countries, figures read each second',
  async run(bench) {
    const plain = await compareLoad(bench, {
      subject: 'everything on, hits of 8 KB',
      crowd: ordinaryCrowd,
      connections: 64,
      hits: 'all',
      peers: [{ peer: { ...myriad, name: 'Myriad, plain' }, bar }],
      ours: myriadAllOn,
    })
    const subject = 'everything on, TLS, hits of 8 KB, HTTP/2'
    const secure = await overTls(
      { ...myriadTls, name: 'Myriad, plain, TLS' },
      myriadAllOnTls,
      async (servers) => [await compareTlsHits(bench, { subject, protocol: 'h2', bar }, servers)],
    )
    return [...plain, ...secure]
  },
}
