// Certificates replaced under load: no request fails, and new handshakes are shown the new one.
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { pause } from '../../bench/wait.ts'
import { realClock } from '../../src/base/clock.ts'
import { within } from '../../testing/within.ts'
import type { Judge } from './load/judge.ts'
import { isOverTls } from './load/mixed-load.ts'
import { Rig } from './rig.ts'
import { outcomeOfLoad, type Trial } from './trial.ts'

const handshakes = 16
const shownMsMax = 5_000
/** Between two, so that each is shown for a while. */
const pauseMs = 500

export const certificates: Trial = {
  name: 'certificates',
  sentence: 'certificates replaced under 64 connections of all protocols',
  times: 20,
  async run(bench, times) {
    if (!bench.protocols.some(isOverTls)) throw new Error('no protocol over TLS takes part')
    await using rig = await Rig.start(bench, 4)
    const made = Array.from({ length: times }, (_, n) => rig.certificate(`certificate-${n}`))
    const startMs = realClock.monotonicMs()
    const load = rig.load()
    let late = 0
    let shownMs = 0
    for (const [n, files] of made.entries()) {
      rig.replaceCertificate(files)
      const done = 'the configuration was read anew'
      const before = rig.count(done)
      if (n % 2 === 0) rig.signal('SIGHUP')
      else await rig.command('reload')
      if (n % 2 === 0) await rig.untilCount(done, before + 1)
      const wanted = new X509Certificate(await Bun.file(files.cert).text()).fingerprint256
      const tookMs = await untilShown(rig.tlsPort, wanted, load.judge)
      if (tookMs === undefined) late++
      else shownMs = Math.max(shownMs, tookMs)
      bench.progress(`${n + 1} certificates, ${load.judge.failures.length} failures`)
      await pause(pauseMs)
    }
    const { findings, failures } = outcomeOfLoad(await load.stop(), startMs)
    return {
      findings: [
        ...findings,
        { subject: 'certificates', unit: 'certificates', value: times },
        { subject: 'not shown', unit: 'certificates', value: late, bar: { is: 'at most', value: 0 } },
        {
          subject: 'shown by all handshakes, after the reload was done, within',
          unit: 'ms',
          value: shownMs,
          bar: { is: 'at most', value: 2_000 },
        },
      ],
      failures,
    }
  },
}

/** How long until handshakes, one after another, are all shown this certificate; undefined: too long. */
async function untilShown(port: number, wanted: string, judge: Judge): Promise<number | undefined> {
  const startMs = realClock.monotonicMs()
  let since = 0
  for (let right = 0; right < handshakes;) {
    const sentMs = realClock.monotonicMs()
    if (sentMs - startMs > shownMsMax) return undefined
    try {
      if ((await shownOn(port)) !== wanted) right = 0
      else if (right++ === 0) since = sentMs - startMs
    } catch (error) {
      judge.fail({ visitor: 'handshakes', what: 'connect', sentMs, connection: undefined }, error)
      right = 0
    }
  }
  return since
}

/** The certificate that a handshake is shown. */
async function shownOn(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false })
  socket.once('secureConnect', () => resolve(socket.getPeerCertificate().fingerprint256))
  socket.once('error', reject)
  try {
    return await within(shownMsMax, 'a handshake', promise)
  } finally {
    socket.destroy()
  }
}
