// The TLS listener by itself: certificates by name, replaced while it serves, and its end.
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { Certificates } from '../../testing/certificates.ts'
import { ask, overTls } from '../../testing/protocols.ts'
import { within } from '../../testing/within.ts'
import { realClock, realTimers } from '../base/clock.ts'
import { defaultsOf } from '../base/setting.ts'
import { Fields } from '../http/fields.ts'
import { limitRows } from '../http1/limits.ts'
import type { Reply, RequestHandler } from '../request/reply.ts'
import { TICKET_KEY_BYTES } from '../net/tls-context.ts'
import { Representation } from '../request/representation.ts'
import { readCertificate, type Certificate } from './certificates.ts'
import { edgeRows } from './settings.ts'
import { Admission } from './admission.ts'
import { BanList } from './ban-list.ts'
import { HttpsListener } from './https-listener.ts'
import { tlsRows, type TlsSettings } from './tls-settings.ts'

const made = new Certificates()
let one: Certificate
let two: Certificate
let wild: Certificate
function certificate(name: string, names: string[]): Certificate {
  const files = made.selfSigned(name, names)
  const read = readCertificate(made.read(files.cert), made.read(files.key), realClock.nowMs())
  if (read.kind === 'wrong') throw new Error(read.problem)
  return read.certificate
}
beforeAll(() => {
  one = certificate('one', ['localhost', 'one.test'])
  two = certificate('two', ['localhost', 'two.test'])
  wild = certificate('wild', ['*.wild.test'])
})
afterAll(() => made[Symbol.dispose]())

/** Replies that wait to be answered. */
const waiting: Reply[] = []

function answer(reply: Reply): void {
  const body = Buffer.from('answer')
  const fields = Fields.of([
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(body.length)],
  ])
  reply.stored(Representation.once(200, fields, body), false, -1, 0, 'miss', undefined)
}

/** Answers at once, or, under /wait, when the test says so. */
const handler: RequestHandler = {
  handle(view, reply) {
    if (view.pathAndQuery !== '/wait') {
      answer(reply)
      return undefined
    }
    waiting.push(reply)
    return { bodyBytesMax: 1 << 20, data() {}, end() {}, writable() {}, gone() {} }
  },
}

let listener: HttpsListener
const faults: Error[] = []

function listen(certificates: readonly Certificate[], more: Partial<TlsSettings> = {}): { urls: string[] } {
  listener = new HttpsListener(
    { scheme: 'https', hostname: '127.0.0.1', port: 0 },
    {
      engine: handler,
      recorder: { answered() {}, bytes() {}, refused() {} },
      log: undefined,
      admission: new Admission({ perAddressMax: 0, exempt: [], bans: new BanList([]) }),
      ticketKeys: Buffer.alloc(TICKET_KEY_BYTES, 1),
      hasHttp3: true,
      clock: realClock,
      timers: realTimers,
      limits: defaultsOf(limitRows),
      settings: defaultsOf(edgeRows),
      tls: { ...defaultsOf(tlsRows), clientCa: undefined, ...more, certificates },
      fault: (error) => faults.push(error),
    },
  )
  return { urls: [`https://127.0.0.1:${listener.port}`] }
}

afterEach(async () => {
  listener.cut()
  await listener.drain()
  expect(faults).toEqual([])
})

/** The common name of the certificate that is shown for a name, and the protocol that was agreed on. */
function shown(servername: string, offered = ['http/1.1']): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { port } = listener
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: offered }
  const socket = connect({ ...options, ...(servername === '' ? {} : { servername }) }, () => {
    resolve(`${socket.getPeerCertificate().subject.CN as string} ${socket.alpnProtocol || 'nothing'}`)
    socket.destroy()
  })
  socket.once('error', reject)
  return within(5_000, 'a handshake', promise)
}

test('the certificate of the name that is asked for, the first one for all others', async () => {
  listen([one, wild, two])
  expect(await shown('one.test')).toBe('one http/1.1')
  expect(await shown('TWO.test')).toBe('two http/1.1')
  expect(await shown('a.wild.test')).toBe('wild http/1.1')
  expect(await shown('b.a.wild.test')).toBe('one http/1.1')
  expect(await shown('wild.test')).toBe('one http/1.1')
  expect(await shown('elsewhere.test')).toBe('one http/1.1')
  expect(await shown('localhost')).toBe('one http/1.1')
  expect(await shown('')).toBe('one http/1.1')
})

test('HTTP/2 and HTTP/3 are offered unless they are turned off', async () => {
  const both = listen([one])
  expect(await shown('one.test', ['h2', 'http/1.1'])).toBe('one h2')
  const told = await ask(overTls[0]!, both, '/')
  expect(told.headers.get('alt-svc')).toBe(`h3=":${listener.port}"; ma=86400`)
  await told.text()
  listener.cut()
  const neither = listen([one], { http2: false, http3: false })
  expect(await shown('one.test', ['h2', 'http/1.1'])).not.toContain('h2')
  const untold = await ask(overTls[0]!, neither, '/')
  expect(untold.headers.get('alt-svc')).toBe(null)
  await untold.text()
})

test('other certificates are shown from the moment of their replacement', async () => {
  const at = listen([one])
  expect(await shown('localhost')).toBe('one http/1.1')
  for (let i = 0; i < 3; i++) {
    listener.replaceCertificates([two, wild])
    const until = realClock.monotonicMs() + 5_000
    // While the old server still listens, the system gives it some of the new connections.
    while ((await shown('localhost')) !== 'two http/1.1') expect(realClock.monotonicMs()).toBeLessThan(until)
    listener.replaceCertificates([one])
    while ((await shown('localhost')) !== 'one http/1.1') expect(realClock.monotonicMs()).toBeLessThan(until)
  }
  for (const protocol of overTls) expect(await (await ask(protocol, at, '/')).text()).toBe('answer')
})

test('no request on an open connection fails while certificates are replaced, and new ones get through', async () => {
  const at = listen([one], { http3: false })
  const until = new AbortController()
  const failures: string[] = []
  let answered = 0
  const client = async (protocol: (typeof overTls)[number], keepalive: boolean): Promise<void> => {
    while (!until.signal.aborted) {
      try {
        const once = () => ask(protocol, at, '/', { keepalive })
        // Which is still shaking hands when the old server stops is reset, and comes again.
        const got = await (keepalive ? once() : once().catch(once))
        if ((await got.text()) === 'answer') answered++
        else failures.push('another answer')
      } catch (error) {
        failures.push(`${protocol.name}: ${String(error)}`)
      }
    }
  }
  const clients = overTls
    .filter(({ version }) => version !== 'http3')
    .flatMap((protocol) => [client(protocol, true), client(protocol, true), client(protocol, false)])
  for (let i = 0; i < 4; i++) {
    listener.replaceCertificates(i % 2 === 0 ? [two] : [one])
    await new Promise<void>((resolve) => realTimers.after(600, resolve))
  }
  until.abort()
  await Promise.all(clients)
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(100)
})

test('certificates that are not taken change nothing', async () => {
  listen([one])
  expect(() => listener.replaceCertificates([{ ...two, key: one.key }])).toThrow()
  expect(await shown('localhost')).toBe('one http/1.1')
})

test('a request in progress is answered while the listener drains', async () => {
  for (const protocol of overTls) {
    const at = listen([one])
    waiting.length = 0
    const asked = ask(protocol, at, '/wait')
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const drained = listener.drain()
    answer(waiting[0]!)
    const got = await asked
    expect([got.status, await got.text()]).toEqual([200, 'answer'])
    if (protocol.version === 'http1.1') expect(got.headers.get('connection')).toBe('close')
    listener.cut()
    await within(5_000, `${protocol.name} to drain`, drained)
  }
})

test('cut ends what is left', async () => {
  const at = listen([one])
  waiting.length = 0
  const asked = ask(overTls[0]!, at, '/wait').then(
    (got) => got.text(),
    () => 'broken',
  )
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const drained = listener.drain()
  listener.cut()
  expect(await within(5_000, 'the client to see it', asked)).toBe('broken')
  await within(5_000, 'the listener to drain', drained)
})
