// From nothing to a site with TLS: the listener shows a certificate of its own making until the authority's is there, and
// that one from then on, without a restart; what comes in clear text is redirected, except the authority's question.
import { connect, type PeerCertificate } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Child } from '../../testing/child.ts'
import { within } from '../../testing/within.ts'
import { hasPebble, startRig, type Rig } from './rig.ts'

const portOf = (myriad: Child): number =>
  Number(/https:\/\/127\.0\.0\.1:(\d+) serves/.exec(myriad.printed())![1])

describe.skipIf(!hasPebble)('a site with TLS', () => {
  const name = 'secure.example.test'
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig.stop())

  /** The certificate that is shown for a name, and whether it leads to pebble's root. */
  function shown(port: number, ca?: string): Promise<{ peer: PeerCertificate; trusted: boolean }> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        {
          port,
          host: '127.0.0.1',
          servername: name,
          ...(ca === undefined ? {} : { ca }),
          rejectUnauthorized: false,
        },
        () => {
          resolve({ peer: socket.getPeerCertificate(), trusted: socket.authorized })
          socket.end()
        },
      )
      socket.once('error', reject)
    })
  }

  test('the first certificate is shown as soon as it is there, and at the next start at once', async () => {
    const tls = { redirect: true, http3: false }
    const myriad = await rig.startMyriad(rig.acme({ names: name }), rig.webPort, tls)
    await within(10_000, 'TLS', myriad.prints(/https:\S+ serves/))
    await within(15_000, 'the certificate', myriad.prints(new RegExp(`a certificate for ${name} was got`)))
    const root = await rig.root()
    // The listener that showed the other one goes on accepting for a moment.
    const settled = async (): Promise<PeerCertificate> => {
      for (;;) {
        const { peer, trusted } = await shown(portOf(myriad), root)
        if (trusted) return peer
      }
    }
    const peer = await within(5_000, 'the certificate to be shown', settled())
    expect(peer.subjectaltname).toBe(`DNS:${name}`)
    const path = '/.well-known/acme-challenge/nothing-is-pending'
    const redirected = await fetch(`http://127.0.0.1:${rig.webPort}${path}`, {
      headers: { Host: name },
      redirect: 'manual',
    })
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      301,
      `https://${name}:${portOf(myriad)}${path}`,
    ])
    await myriad.stop()
    await rig.killPebble()
    const again = await rig.startMyriad(rig.acme({ names: name }), rig.webPort, tls)
    await within(10_000, 'TLS', again.prints(/https:\S+ serves/))
    expect((await shown(portOf(again))).peer.fingerprint256).toBe(peer.fingerprint256)
    await again.stop()
  })
})
