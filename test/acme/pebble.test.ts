// Certificates from a real authority: the first, the next, revoked ones, and an authority that is away. Time jumps in
// this process; pebble, its DNS, and the Myriad that answers for the proofs are real, and live in real time.
import { X509Certificate } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { acmeCertificates } from '../../src/cli/acme.ts'
import type { Level } from '../../src/logs/error-log.ts'
import { defaultsOf } from '../../src/base/setting.ts'
import { readCertificate } from '../../src/edge/acme/certificate.ts'
import type { AcmeCertificates, ServedCertificate } from '../../src/edge/acme/certificates.ts'
import { acmeRows, type AcmeConfig } from '../../src/edge/acme/settings.ts'
import { executable } from '../../testing/myriad.ts'
import { startChild } from '../../testing/child.ts'
import { JumpingClock } from '../../testing/jumping-clock.ts'
import { within } from '../../testing/within.ts'
import { certificateFile, hasPebble, startRig, type Rig } from './rig.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe.skipIf(!hasPebble)('a real authority', () => {
  let rig: Rig
  const running: AcmeCertificates[] = []
  let count = 0

  beforeAll(async () => {
    rig = await startRig()
    // Answers for all of them: it shares their folder, and wants nothing itself.
    await rig.startMyriad(rig.acme({ onDemand: 'nobody.example.test' }), rig.webPort)
  })
  afterEach(() => {
    for (const each of running.splice(0)) each.stop()
  })
  afterAll(() => rig.stop())

  interface Kept {
    readonly clock: JumpingClock
    readonly certificates: AcmeCertificates
    readonly said: string[]
    /** What is served now. */
    served(): readonly ServedCertificate[]
    /** Moves time on, and waits for what falls due. */
    pass(ms: number): Promise<void>
  }

  /** Keeps certificates in this process, with a clock of its own. */
  async function keep(more: Partial<AcmeConfig> = {}, clock = new JumpingClock()): Promise<Kept> {
    const shared = rig.acme({}) as Pick<AcmeConfig, 'email' | 'directory' | 'ca' | 'folder'>
    const config: AcmeConfig = { ...defaultsOf(acmeRows), ...shared, ...more }
    const said: string[] = []
    let served: readonly ServedCertificate[] = []
    const deps = {
      clock,
      timers: clock,
      tell: (_: Level, text: string) => void said.push(`myriad: ${text}\n`),
    }
    const certificates = acmeCertificates(config, deps, (all) => (served = all))
    running.push(certificates)
    certificates.start()
    await within(15_000, 'the first turn', certificates.settled())
    return {
      clock,
      certificates,
      said,
      served: () => served,
      async pass(ms) {
        clock.jump(ms)
        certificates.look()
        await within(15_000, 'what falls due', certificates.settled())
      },
    }
  }

  const name = (): string => `site-${++count}.example.test`
  const serialOf = ({ served }: Kept): string => new X509Certificate(served()[0]!.cert).serialNumber

  test('the first certificate, by http-01: `myriad serve` gets it, and the site keeps its own paths', async () => {
    const wanted = name()
    const myriad = await rig.startMyriad(rig.acme({ names: wanted }))
    await within(15_000, 'the certificate', myriad.prints(new RegExp(`a certificate for ${wanted} was got`)))
    const certificate = readCertificate(certificateFile(rig.folder, wanted))
    expect(certificate.names).toEqual([wanted])
    const intermediate = new X509Certificate(
      certificate.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)[1]!,
    )
    expect(intermediate.verify(new X509Certificate(await rig.root()).publicKey)).toBe(true)
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${rig.webPort}${path}`)).text()
    const path = '/.well-known/acme-challenge/another-client'
    expect(await ask(path)).toBe(`the site's ${path}`)
    await myriad.stop()
  })

  test('all that is kept of it is for its user alone, and nothing secret is told', async () => {
    const kept = await keep({ names: [name()] })
    const key = kept.served()[0]!.key.split('\n')[1]!
    expect(kept.said.join('')).not.toContain(key)
    const entries = readdirSync(join(rig.folder, 'state'), { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      expect([path, statSync(path).mode & 0o777]).toEqual([path, entry.isDirectory() ? 0o700 : 0o600])
    }
    expect(entries.length).toBeGreaterThan(5)
  })

  test('dns-01, for every name below one, by the program of the owner', async () => {
    const hook = join(rig.folder, 'dns-hook')
    // As the manual shows it, with the records of the test's own DNS.
    writeFileSync(
      hook,
      `#!/bin/sh\nset -e\ncase $2 in present) path=set-txt ;; cleanup) path=clear-txt ;; esac\n` +
        `curl -sf -d "{\\"host\\":\\"$3.\\",\\"value\\":\\"$4\\"}" "$1/$path"\necho "$2 $3" >> ${hook}.log\n`,
    )
    chmodSync(hook, 0o700)
    const below = `*.${name()}`
    const kept = await keep({ names: [below], challenge: 'dns-01', dnsHook: [hook, rig.dnsManagement] })
    expect(kept.said.join('')).toBe(`myriad: a certificate for ${below} was got\n`)
    expect(kept.served()[0]!.names).toEqual([below])
    const record = `_acme-challenge.${below.slice(2)}`
    expect(await Bun.file(`${hook}.log`).text()).toBe(`present ${record}\ncleanup ${record}\n`)
  })

  test('a hook that fails is told with its own words', async () => {
    const hook = ['sh', '-c', 'echo "no such zone" >&2; exit 3', 'hook']
    const { said } = await keep({ names: [`*.${name()}`], challenge: 'dns-01', dnsHook: hook })
    expect(said.join('')).toMatch(
      /a proof is still there: .*\nmyriad: no certificate for \*\.site-\d+\.example\.test: dnsHook sh present _acme-challenge\.\S+: ended with 3: no such zone; next attempt in [23] min/,
    )
  })

  test('renewal: another key and certificate, a third of the lifetime before the end', async () => {
    const kept = await keep({ names: [name()] })
    const [first, key] = [serialOf(kept), kept.served()[0]!.key]
    await kept.pass(59 * DAY)
    expect(serialOf(kept)).toBe(first)
    await kept.pass(DAY)
    expect(serialOf(kept)).not.toBe(first)
    expect(kept.served()[0]!.key).not.toBe(key)
  })

  test('revoked: the authority advises to renew at once (RFC 9773), and it is done', async () => {
    // This pebble gives no advice: what stands in front of its directory does, from what pebble says of a certificate.
    const advice = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert: Bun.file(join(rig.folder, 'pebble.pem')), key: Bun.file(join(rig.folder, 'pebble.key')) },
      async fetch({ url }) {
        const { pathname, origin } = new URL(url)
        if (pathname === '/dir') {
          const listed = await fetch(rig.directory, { tls: { ca: await Bun.file(rig.ca).text() } })
          return Response.json({ ...((await listed.json()) as object), renewalInfo: `${origin}/advice` })
        }
        const serial = Buffer.from(pathname.split('.').at(-1)!, 'base64url')
          .toString('hex')
          .replace(/^00/, '')
        const { Status } = JSON.parse(await rig.manage(`/cert-status-by-serial/${serial}`)) as {
          Status: string
        }
        const startMs = Status === 'Revoked' ? Date.now() - HOUR : Date.now() + 60 * DAY
        const window = { start: new Date(startMs).toISOString(), end: new Date(startMs + 1000).toISOString() }
        return Response.json({ suggestedWindow: window }, { headers: { 'Retry-After': '21600' } })
      },
    })
    try {
      const directory = `https://127.0.0.1:${advice.port}/dir`
      // Its folder is another, and nobody answers for the files in that.
      const kept = await keep({
        names: [name()],
        directory,
        challenge: 'dns-01',
        dnsHook: await workingHook(),
      })
      const first = serialOf(kept)
      await kept.pass(12 * HOUR)
      expect(serialOf(kept)).toBe(first)
      const facts = kept.certificates.facts()[0]!
      expect(Math.abs(facts.held!.renewAtMs - Date.now() - 60 * DAY)).toBeLessThan(DAY)
      await revoke(kept.served()[0]!, advice.port!)
      await kept.pass(6 * HOUR)
      expect(serialOf(kept)).not.toBe(first)
      const { Status } = JSON.parse(await rig.manage(`/cert-status-by-serial/${serialOf(kept)}`)) as {
        Status: string
      }
      expect(Status).toBe('Valid')
    } finally {
      await advice.stop(true)
    }
  })

  async function workingHook(): Promise<string[]> {
    const hook = join(rig.folder, `hook-${++count}`)
    writeFileSync(
      hook,
      `#!/bin/sh\n[ $1 = cleanup ] || curl -sf -d "{\\"host\\":\\"$2.\\",\\"value\\":\\"$3\\"}" ${rig.dnsManagement}/set-txt\n`,
    )
    chmodSync(hook, 0o700)
    return [hook]
  }

  /** As the account that ordered it (RFC 8555 §7.6). */
  async function revoke({ cert }: ServedCertificate, port: number): Promise<void> {
    const state = join(rig.folder, 'state')
    const folder = readdirSync(state).find((each) => each.startsWith(`127.0.0.1_${port}-`))!
    const { Client } = await import('acme-client')
    const client = new Client({
      directoryUrl: rig.directory,
      accountKey: readFileSync(join(state, folder, 'account.pem')),
    })
    await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:admin@example.com'] })
    await client.revokeCertificate(cert.split(/(?<=-----END CERTIFICATE-----\n)/)[0]!)
  }

  test('wrong answers: refused with the reason, and tried ever more rarely; the certificate is had once they are right', async () => {
    const wanted = name()
    await fetch(`${rig.dnsManagement}/add-a`, {
      method: 'POST',
      body: JSON.stringify({ host: `${wanted}.`, addresses: ['127.0.0.2'] }),
    })
    const kept = await keep({ names: [wanted] })
    expect(kept.said[0]).toMatch(
      /no certificate for site-\d+\.example\.test: the proof for site-\d+\.example\.test is invalid: connection: .*; next attempt in [23] min\n/,
    )
    const before = rig.orders()
    for (let minute = 0; minute < 59; minute++) await kept.pass(MINUTE)
    expect(rig.orders() - before).toBeLessThanOrEqual(4)
    expect(rig.orders() - before).toBeGreaterThanOrEqual(3)
    expect(kept.certificates.facts()[0]!.lastTrouble!.text).toContain('is invalid: connection')
    await fetch(`${rig.dnsManagement}/clear-a`, {
      method: 'POST',
      body: JSON.stringify({ host: `${wanted}.` }),
    })
    for (let hour = 0; hour < 2; hour++) await kept.pass(HOUR)
    expect(kept.served().length).toBe(1)
  }, 60_000)

  test('another answer under the path of the proof, such as a page of the site, is told as what it is', async () => {
    const { said } = await keep({ names: [name()], folder: join(rig.folder, 'unanswered') })
    expect(said.join('')).toMatch(/ is invalid: unauthorized: .* did not match .*the site's \/.well-known/)
  })

  test('a name that the authority does not take is refused with its problem document', async () => {
    const { said } = await keep({ names: ['blocked-domain.example'] })
    expect(said.join('')).toMatch(/refused \(400\): rejectedIdentifier: /)
  })

  test('an authority whose own certificate is not trusted is not spoken with', async () => {
    const { said } = await keep({ names: [name()], ca: undefined, folder: join(rig.folder, 'distrust') })
    expect(said.join('')).toMatch(/no certificate for .*: https:.*certificate.*; next attempt in [23] min/)
    expect(said.join('')).not.toContain('was got')
  })

  test('away for an hour, killed, and back without memory: nobody sees a certificate that has ended', async () => {
    await rig.killPebble()
    await rig.startPebble({ lifetimeSeconds: 3 * 3600 })
    const kept = await keep({ names: [name()] })
    const first = serialOf(kept)
    await kept.pass(2 * HOUR - MINUTE)
    await rig.killPebble()
    const isGood = (): boolean => {
      const now = kept.clock.nowMs()
      return kept.served().every(({ cert, key }) => {
        const { notBeforeMs, notAfterMs } = readCertificate(key + cert)
        return notBeforeMs <= now && now < notAfterMs
      })
    }
    for (let minute = 0; minute < 56; minute++) {
      await kept.pass(MINUTE)
      expect([minute, isGood(), serialOf(kept)]).toEqual([minute, true, first])
    }
    const attempts = kept.said.filter((text) => text.includes('no certificate')).length
    expect(attempts).toBeGreaterThan(4)
    expect(attempts).toBeLessThan(20)
    expect(kept.said.at(-1)).toMatch(/https:\/\/127\.0\.0\.1:\d+: .+; next attempt in [23] min/)
    // The clock that jumped is hours ahead of pebble's.
    await rig.startPebble({ lifetimeSeconds: 12 * 3600 })
    for (let minute = 0; minute < 10; minute++) {
      await kept.pass(MINUTE)
      expect([minute, isGood()]).toEqual([minute, true])
    }
    expect(serialOf(kept)).not.toBe(first)
    expect(rig.orders()).toBe(1)
  }, 60_000)

  test('several processes at once make one order, and all of them have the certificate', async () => {
    const wanted = name()
    const before = rig.orders()
    const acme = rig.acme({ names: wanted })
    const all = await Promise.all([rig.startMyriad(acme), rig.startMyriad(acme), rig.startMyriad(acme)])
    const here = await keep({ names: [wanted] })
    const got = new RegExp(`a certificate for ${wanted} was got`)
    await within(
      15_000,
      'the certificate',
      Promise.any([
        ...all.map((child) => child.prints(got)),
        here.served().length > 0 ? Promise.resolve() : new Promise(() => undefined),
      ]),
    )
    await here.pass(2_000)
    expect(here.served().length).toBe(1)
    for (const child of all) await child.stop()
    expect(rig.orders() - before).toBe(1)
    expect(
      [...all.map((child) => child.printed()), here.said.join('')].filter((text) => got.test(text)).length,
    ).toBe(1)
  })

  test('a host on demand: the first request for it is what asks for the certificate', async () => {
    const wanted = name()
    const myriad = await rig.startMyriad(rig.acme({ onDemand: '*.example.test' }))
    const port = /127\.0\.0\.1:(\d+) serves/.exec(myriad.printed())![1]
    const ask = (host: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { Host: host } })
    await ask('other.example.org')
    expect((await ask(wanted)).status).toBe(200)
    await within(15_000, 'the certificate', myriad.prints(new RegExp(`a certificate for ${wanted} was got`)))
    expect(myriad.printed()).not.toContain('example.org')
    await myriad.stop()
  })

  test('`myriad check` tells what there is', async () => {
    const wanted = name()
    await keep({ names: [wanted] })
    const config = join(rig.folder, 'check.json')
    const acme = rig.acme({ names: [wanted, 'not-yet.example.test'] })
    writeFileSync(config, JSON.stringify({ tls: { acme }, services: { site: { origin: rig.origin.url } } }))
    const check = startChild([executable, 'check', '--config', config])
    expect(await check.exited).toBe(0)
    expect(check.printed()).toMatch(
      new RegExp(`${wanted}\\s+from Pebble Intermediate CA \\w+, \\d+ \\w+ left, renewed in \\d+ \\w+`),
    )
    expect(check.printed()).toMatch(/not-yet\.example\.test\s+none yet/)
  })
})
