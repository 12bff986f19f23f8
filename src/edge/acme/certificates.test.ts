// Certificates, kept: with an authority that does as the test says, a clock in the test's hand, and real files.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { defaultsOf } from '../../base/setting.ts'
import { TestAuthority } from '../../../testing/certificate-authority.ts'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { within } from '../../../testing/within.ts'
import type { Authority, Solver } from './authority.ts'
import { CertificateFolder } from './certificate-folder.ts'
import { AcmeCertificates, type ServedCertificate } from './certificates.ts'
import { AcmeTrouble } from './problem.ts'
import type { RenewalWindow } from './schedule.ts'
import { acmeRows, directoryUrl, type AcmeConfig } from './settings.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const base = mkdtempSync(join(tmpdir(), 'myriad-test-'))
afterAll(() => rmSync(base, { recursive: true }))
const openssl = new TestAuthority(base)
let count = 0

/** Does as it is told, and remembers what it was asked. */
class FakeAuthority implements Authority {
  readonly orders: { name: string; replaces: string | undefined }[] = []
  advised = 0
  trouble: AcmeTrouble | undefined
  window: RenewalWindow | undefined
  /** What happens while an order is under way. */
  during: (solver: Solver) => Promise<void> = async () => undefined
  solver: Solver | undefined

  async order(name: string, replaces: string | undefined): Promise<string> {
    this.orders.push({ name, replaces })
    await this.during(this.solver!)
    if (this.trouble !== undefined) throw this.trouble
    const { key, cert } = openssl.issue([name])
    return key + cert
  }

  async advice(): Promise<RenewalWindow | undefined> {
    this.advised++
    return this.window
  }
}

const random = (): string => `random-${++count}`
let clock: FakeClock
let path: string
let authority: FakeAuthority
let running: AcmeCertificates[] = []
let said: string[]
let served: (readonly ServedCertificate[])[]

beforeEach(() => {
  // Real time, which the certificates are made in.
  clock = new FakeClock(Date.now())
  path = join(base, `folder-${++count}`)
  authority = new FakeAuthority()
  said = []
  served = []
})

afterEach(() => {
  for (const each of running) each.stop()
  running = []
})

function start(config: Partial<AcmeConfig> = {}): AcmeCertificates {
  const certificates = new AcmeCertificates({
    config: {
      ...defaultsOf(acmeRows),
      email: 'a@example.com',
      directory: directoryUrl(undefined),
      names: ['a.example.com'],
      ...config,
    },
    folder: new CertificateFolder(path, random),
    clock,
    timers: clock,
    chance: () => 0,
    random,
    async authority(_key, solver) {
      authority.solver = solver
      return authority
    },
    log: (text) => said.push(text),
    changed: (all) => served.push(all),
  })
  certificates.start()
  running.push(certificates)
  return certificates
}

const ordered = (): string[] => authority.orders.map(({ name }) => name)
const file = (name: string): string => join(path, 'certificates', `${name}.pem`)

const ask = (certificates: AcmeCertificates, host: string): unknown => certificates.answer(host, '/')

/** Moves time on, and waits for what that leads to. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  for (const each of running) {
    await each.settled()
    // Time went on while it was busy with what fell due on the way.
    each.look()
    await each.settled()
  }
}

describe('orders', () => {
  test('a certificate for each name, once, and served from then on', async () => {
    const certificates = start({ names: ['a.example.com', 'b.example.com'] })
    await certificates.settled()
    expect(ordered()).toEqual(['a.example.com', 'b.example.com'])
    expect(served.map((all) => all.map(({ names }) => names[0]))).toEqual([
      ['a.example.com'],
      ['a.example.com', 'b.example.com'],
    ])
    expect(certificates.current()[0]!.key).toContain('PRIVATE KEY')
    expect(said).toEqual([
      'a certificate for a.example.com was got',
      'a certificate for b.example.com was got',
    ])
    await pass(10 * DAY)
    expect(ordered().length).toBe(2)
  })

  test('a restart serves what is there, and asks nobody', async () => {
    await start().settled()
    running.pop()!.stop()
    served = []
    const again = start()
    expect(served.length).toBe(1)
    await again.settled()
    expect(ordered()).toEqual(['a.example.com'])
  })

  test('renewal, and the one that it replaces is told to authorities that give advice', async () => {
    const certificates = start()
    await certificates.settled()
    const before = certificates.current()[0]!.cert
    authority.window = {
      startMs: clock.nowMs() + 20 * DAY,
      endMs: clock.nowMs() + 30 * DAY,
      retryAfterMs: DAY,
    }
    await pass(6 * HOUR)
    expect(authority.advised).toBe(2)
    await pass(19 * DAY)
    expect(ordered().length).toBe(1)
    await pass(DAY)
    expect(authority.orders[1]!.replaces).toMatch(/^[\w-]+\.[\w-]+$/)
    expect(authority.orders[0]!.replaces).toBeUndefined()
    expect(certificates.current()[0]!.cert).not.toBe(before)
  })

  test('revoked: the window is in the past, and another certificate is had at once', async () => {
    const certificates = start()
    await certificates.settled()
    await pass(2 * HOUR)
    authority.window = { startMs: clock.nowMs() - DAY, endMs: clock.nowMs() - HOUR, retryAfterMs: HOUR }
    await pass(6 * HOUR)
    expect(ordered().length).toBe(2)
    // The new one is not revoked, but an authority that says so of every certificate is not asked without end.
    await pass(59 * 60_000)
    expect(ordered().length).toBe(2)
  })
})

describe('failures', () => {
  test('back-off, told with the reason and remembered over a restart; the old certificate stays', async () => {
    const certificates = start()
    await certificates.settled()
    const before = certificates.current()
    authority.trouble = new AcmeTrouble('refused', 'the authority refused (403): no', 3 * HOUR)
    await pass(60 * DAY + HOUR)
    expect(ordered().length).toBe(2)
    expect(said.at(-1)).toBe(
      'no certificate for a.example.com: the authority refused (403): no; next attempt in 180 min',
    )
    expect(certificates.current()).toEqual(before)
    expect(certificates.facts()[0]).toMatchObject({
      held: { issuer: 'Test Authority Test Root' },
      orderAtMs: clock.nowMs() + 3 * HOUR,
      lastTrouble: { atMs: clock.nowMs(), text: 'the authority refused (403): no' },
    })
    running.pop()!.stop()
    authority.trouble = undefined
    const again = start()
    await again.settled()
    await pass(3 * HOUR - 1)
    expect(ordered().length).toBe(2)
    await pass(1)
    expect(ordered().length).toBe(3)
    expect(again.facts()[0]!.lastTrouble).toBeUndefined()
  })

  test('when the authority is away, the other names are not tried one by one', async () => {
    authority.trouble = new AcmeTrouble('away', 'no answer')
    await start({ names: ['a.example.com', 'b.example.com', 'c.example.com'] }).settled()
    expect(ordered()).toEqual(['a.example.com'])
    authority.trouble = undefined
    await pass(60_000)
    expect(ordered()).toEqual(['a.example.com', 'b.example.com', 'c.example.com'])
    await pass(60_000)
    expect(ordered().length).toBe(4)
  })

  test('a refusal of one name holds up no other', async () => {
    authority.during = async () => {
      authority.trouble = ordered().at(-1) === 'a.example.com' ? new AcmeTrouble('refused', 'no') : undefined
    }
    const certificates = start({ names: ['a.example.com', 'b.example.com'] })
    await certificates.settled()
    expect(certificates.current().map(({ names }) => names[0])).toEqual(['b.example.com'])
  })
})

describe('files', () => {
  test('one that is damaged changes nothing while the old one is known, and is told once', async () => {
    const certificates = start()
    await certificates.settled()
    const before = certificates.current()
    writeFileSync(file('a.example.com'), readFileSync(file('a.example.com'), 'utf8').slice(0, 300))
    await pass(30_000)
    await pass(30_000)
    expect(certificates.current()).toEqual(before)
    expect(said.filter((text) => text.includes('cannot be used'))).toEqual([
      'the certificate of a.example.com on the disk cannot be used: does not hold one key and its certificates',
    ])
  })

  test('one that is damaged at a restart is ordered anew', async () => {
    await start().settled()
    running.pop()!.stop()
    writeFileSync(file('a.example.com'), 'nothing')
    const again = start()
    await again.settled()
    await pass(HOUR)
    expect(ordered().length).toBe(2)
    expect(again.current().length).toBe(1)
  })

  test('what another process has written is served as soon as it is there', async () => {
    const certificates = start()
    await certificates.settled()
    const { key, cert } = openssl.issue(['a.example.com'])
    const { promise, resolve } = Promise.withResolvers<void>()
    served.push = (all) => {
      if (all[0]!.cert === cert) resolve()
      return 0
    }
    new CertificateFolder(path, () => `random-${++count}`).writeCertificate('a.example.com', key + cert)
    await within(5_000, 'the change to be seen', promise)
  })
})

test('a folder that is out of reach changes nothing, is told once, and is taken up again', async () => {
  const certificates = start({ names: ['a.example.com'], onDemand: ['b.example.com'] })
  ask(certificates, 'b.example.com')
  await certificates.settled()
  await pass(0)
  const before = certificates.current()
  expect(before.length).toBe(2)
  renameSync(path, `${path}-away`)
  await pass(30_000)
  await pass(30_000)
  expect(certificates.current()).toEqual(before)
  expect(said.filter((text) => text === `${path} is not there`).length).toBe(1)
  renameSync(`${path}-away`, path)
  await pass(60 * DAY)
  expect(ordered().length).toBe(4)
})

describe('several processes', () => {
  test('one orders, and all of them serve it', async () => {
    const gate = Promise.withResolvers<void>()
    authority.during = () => gate.promise
    const all = [start(), start(), start()]
    await Promise.all(all.slice(1).map((each) => each.settled()))
    gate.resolve()
    await all[0]!.settled()
    clock.advance(2_000)
    for (const each of all) await each.settled()
    expect(ordered()).toEqual(['a.example.com'])
    expect(new Set(all.map((each) => each.current()[0]!.cert)).size).toBe(1)
  })

  test('another takes over from one that died in the middle', async () => {
    authority.during = () => new Promise(() => undefined)
    const dead = start()
    await within(
      1_000,
      'its order',
      (async () => {
        while (ordered().length === 0) await Promise.resolve()
      })(),
    )
    // Its timers are gone with it: only its files are left.
    const own = new FakeClock(clock.nowMs())
    clock = own
    authority.during = async () => undefined
    const next = start()
    await next.settled()
    expect(ordered().length).toBe(1)
    for (let i = 0; i < 16; i++) {
      own.advance(2_000)
      await next.settled()
    }
    expect(ordered().length).toBe(2)
    expect(next.current().length).toBe(1)
    expect(dead.current().length).toBe(0)
  })
})

describe('challenges', () => {
  test("answered on any host while one is pending, by any process; otherwise the request is the site's", async () => {
    const answers: (string | undefined)[] = []
    const other = start({ names: [], onDemand: ['z.example.com'] })
    authority.during = async (solver) => {
      await solver.present('a.example.com', 'the-token', 'the-token.proof')
      answers.push(other.answer('a.example.com', '/.well-known/acme-challenge/the-token'))
      answers.push(other.answer('', '/.well-known/acme-challenge/another'))
      answers.push(other.answer('', '/the-token'), other.answer('', '/.well-known/acme-challenge/'))
      await solver.cleanup('a.example.com', 'the-token', 'the-token.proof')
      answers.push(other.answer('a.example.com', '/.well-known/acme-challenge/the-token'))
    }
    await start().settled()
    expect(answers).toEqual(['the-token.proof', undefined, undefined, undefined, undefined])
  })
})

describe('on demand', () => {
  test('a host that is allowed gets a certificate when it is first asked for, and keeps it', async () => {
    const certificates = start({ names: [], onDemand: ['*.example.com'] })
    await certificates.settled()
    for (const host of [
      'example.com',
      'a.b.example.com',
      'a.example.org',
      '10.0.0.1',
      'shop.example.com:8080',
      '',
    ])
      ask(certificates, host)
    await certificates.settled()
    ask(certificates, 'shop.example.com')
    await certificates.settled()
    expect(ordered()).toEqual(['shop.example.com'])
    expect(certificates.facts().map(({ name, onDemand }) => [name, onDemand])).toEqual([
      ['shop.example.com', true],
    ])
    running.pop()!.stop()
    const again = start({ names: [], onDemand: ['*.example.com'] })
    expect(again.current().length).toBe(1)
    const without = start({ names: [], onDemand: ['b.example.com'] })
    expect(without.current().length).toBe(0)
  })

  test('strangers who make names up get ten of them tried, rarely, and forgotten after a day', async () => {
    authority.trouble = new AcmeTrouble('refused', 'no such host')
    const certificates = start({ names: ['a.example.com'], onDemand: ['*.example.com'] })
    for (let i = 0; i < 1000; i++) ask(certificates, `x${i}.example.com`)
    await certificates.settled()
    expect(certificates.facts().length).toBe(11)
    for (let hour = 0; hour < 25; hour++) {
      for (let minute = 0; minute < 60; minute++) await pass(60_000)
    }
    for (let hour = 0; hour < 6; hour++) await pass(HOUR)
    expect(certificates.facts().map(({ name }) => name)).toEqual(['a.example.com'])
    expect(authority.orders.length).toBeLessThan(11 * 13)
  })

  test('no more than onDemandMax', async () => {
    const certificates = start({ names: [], onDemand: ['*.example.com'], onDemandMax: 2 })
    for (const host of ['a.example.com', 'b.example.com', 'c.example.com']) {
      ask(certificates, host)
      await certificates.settled()
    }
    expect(ordered()).toEqual(['a.example.com', 'b.example.com'])
  })
})

test('a folder that is not private is refused before anything is written', () => {
  writeFileSync(path, '')
  expect(() => start()).toThrow()
})
