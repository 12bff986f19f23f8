// TLS as an owner configures it: certificates, redirect, HSTS, clients with certificates of their own, and the end.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import * as http2 from 'node:http2'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { Certificates } from '../../testing/certificates.ts'
import { startChild } from '../../testing/child.ts'
import { executable, type Config, type Myriad, startMyriad } from '../../testing/myriad.ts'
import { ask, overTls, protocols } from '../../testing/protocols.ts'
import { type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { within } from '../../testing/within.ts'
import { selfSigned } from '../../src/edge/self-signed.ts'

const made = new Certificates()
afterAll(() => made[Symbol.dispose]())

let origin: RawOrigin
let myriad: Myriad | undefined
afterEach(async () => {
  await myriad?.stop()
  await origin.stop()
})

async function start(config: Config = {}, listen = ['https://127.0.0.1:0'], env = {}): Promise<Myriad> {
  origin = await startRawOrigin()
  return (myriad = await startMyriad(origin.url, config, env, listen))
}

const [tls, h2] = [overTls[0]!, overTls[1]!]

test('without a certificate one for localhost is made, kept between starts, its key for its owner alone', async () => {
  const env = { XDG_STATE_HOME: join(made.folder, 'state') }
  const seen: string[] = []
  for (let i = 0; i < 2; i++) {
    const { port, stop } = await start({}, undefined, env)
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    seen.push(await within(5_000, 'a handshake', promise))
    await stop()
  }
  expect(seen[0]).toBe(seen[1]!)
  const folder = join(env.XDG_STATE_HOME, 'myriad')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder))
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
})

test('a client that knows the authority trusts the certificate', async () => {
  const authority = made.selfSigned('authority', [])
  const files = made.signed('site', authority, ['localhost', 'site.test'])
  const at = await start({ tls: { certificates: [files] } })
  const options = { ca: made.read(authority.cert), rejectUnauthorized: true }
  const url = at.url.replace('127.0.0.1', 'localhost')
  const got = await fetch(`${url}/`, { tls: options })
  expect(await got.text()).toBe('seen GET /\n')
})

test('with redirect, visitors of http are sent to https', async () => {
  const at = await start({ tls: { redirect: true, hsts: '1h' } }, [
    'http://127.0.0.1:0',
    'https://127.0.0.1:0',
  ])
  const to = at.urls[1]!
  const got = await ask(protocols[0]!, at, '/a/../page?x=1')
  expect([got.status, got.headers.get('location')]).toEqual([301, `${to}/page?x=1`])
  expect(got.headers.get('strict-transport-security')).toBe(null)
  await got.text()
  const posted = await ask(protocols[0]!, at, '/form', { method: 'POST', body: 'a=1' })
  expect([posted.status, posted.headers.get('location')]).toEqual([308, `${to}/form`])
  await posted.text()
  const client = await RawClient.connect(at.port)
  await client.send('GET / HTTP/1.1\r\nHost: Site.test:1234\r\n\r\n')
  const raw = await client.response()
  expect(raw.field('location')).toBe(`https://site.test:${to.split(':')[2]}/`)
  client.destroy()
  for (const protocol of overTls) {
    const served = await ask(protocol, at, '/page')
    expect(await served.text()).toBe('seen GET /page\n')
    expect(served.headers.get('strict-transport-security')).toBe('max-age=3600')
  }
})

test('without redirect both are served, and apart from one another', async () => {
  const at = await start({}, ['http://127.0.0.1:0', 'https://127.0.0.1:0'])
  for (const protocol of protocols) {
    const got = await ask(protocol, at, '/page')
    expect(await got.text()).toBe('seen GET /page\n')
    expect(got.headers.get('strict-transport-security')).toBe(null)
  }
  expect(origin.requests.map((request) => request.field('x-forwarded-proto'))).toEqual([
    'http',
    'https',
    'https',
    'https',
  ])
})

test('with clientCa only those who have a certificate of that authority are let in', async () => {
  const authority = made.selfSigned('edges', [])
  const stranger = made.selfSigned('stranger', ['stranger.test'])
  const edge = made.signed('edge', authority)
  const at = await start({ tls: { clientCa: authority.cert } })
  const asked = (files: typeof edge | undefined, protocol: (typeof overTls)[number]) => {
    const own = files === undefined ? {} : { cert: made.read(files.cert), key: made.read(files.key) }
    return ask(protocol, at, '/', { tls: { rejectUnauthorized: false, ...own } }).then(
      (got) => got.text(),
      () => 'refused',
    )
  }
  for (const protocol of [tls, h2]) {
    expect(await asked(undefined, protocol)).toBe('refused')
    expect(await asked(stranger, protocol)).toBe('refused')
    expect(await asked(edge, protocol)).toBe('seen GET /\n')
  }
  expect(await asked(undefined, overTls[2]!)).toBe('refused')
  expect(origin.requests.length).toBe(2)
})

test('with minVersion 1.3 nothing older is spoken', async () => {
  const { port } = await start({ tls: { minVersion: '1.3' } })
  const spoken = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion }, () => {
      resolve(socket.getProtocol() ?? 'nothing')
      socket.destroy()
    })
    socket.once('error', () => resolve('refused'))
    return within(5_000, 'a handshake', promise)
  }
  expect(await spoken('TLSv1.2')).toBe('refused')
  expect(await spoken('TLSv1.3')).toBe('TLSv1.3')
})

test('what is wrong with certificates is told with the names of the files, and nothing is served', async () => {
  origin = await startRawOrigin()
  const site = made.selfSigned('good', ['good.test'])
  const other = made.selfSigned('other', ['other.test'])
  const expired = { cert: join(made.folder, 'expired.pem'), key: join(made.folder, 'expired.key.pem') }
  const old = selfSigned(Date.UTC(2020, 0, 1))
  writeFileSync(expired.cert, old.cert)
  writeFileSync(expired.key, old.key)
  const config = join(made.folder, 'wrong.json')
  const told = async (tlsSection: Config): Promise<string> => {
    writeFileSync(config, JSON.stringify({ services: { site: { origin: origin.url } }, tls: tlsSection }))
    const child = startChild([executable, 'serve', '--config', config, '--listen', 'https://127.0.0.1:0'])
    expect(await within(10_000, 'Myriad to refuse', child.exited)).toBe(2)
    return child.printed()
  }
  expect(await told({ certificates: [{ cert: site.cert, key: other.key }] })).toContain(
    `tls.certificates[0].key = '${other.key}': is not the key of the certificate`,
  )
  expect(await told({ certificates: [site, expired] })).toContain(
    `tls.certificates[1].cert = '${expired.cert}': has expired`,
  )
  const rest = await told({
    certificates: [{ cert: 'nowhere.pem', key: site.key }, { cert: site.cert }, 'a.pem'],
    clientCa: site.key,
    hsts: 'ever',
    minVersion: '1.1',
    http4: true,
  })
  expect(rest).toContain("tls.certificates[0].cert = 'nowhere.pem': no file that can be read")
  expect(rest).toContain('tls.certificates[1].key: missing')
  expect(rest).toContain("tls.certificates[2] = 'a.pem': expected an object with 'cert' and 'key'")
  expect(rest).toContain(`tls.clientCa = '${site.key}': holds no certificate in PEM form`)
  expect(rest).toContain('tls.hsts')
  expect(rest).toContain("tls.minVersion = '1.1': expected '1.2' or '1.3'")
  expect(rest).toContain("tls.http4 = true: no such setting; did you mean 'http2'?")
})

test('an address that another program listens on is told', async () => {
  const { url } = await start()
  const child = startChild([executable, 'serve', origin.url, '--listen', url])
  expect(await within(10_000, 'Myriad to refuse', child.exited)).toBe(1)
  expect(child.printed()).toContain('is in use by another program')
})

test('on SIGTERM what is in progress is answered, and idle connections do not hold the process', async () => {
  const at = await start()
  const release = Promise.withResolvers<void>()
  origin.answer(async () => {
    await release.promise
    return response('200 OK', ['Cache-Control: no-store'], 'finished')
  })
  const idle = http2.connect(at.url, { rejectUnauthorized: false })
  idle.on('error', () => undefined)
  await within(5_000, 'an idle connection', new Promise((resolve) => idle.once('connect', resolve)))
  const asked = [tls, h2].map(async (protocol) =>
    (await ask(protocol, at, `/slow/${protocol.version}`)).text(),
  )
  await origin.request(2)
  at.signal('SIGTERM')
  release.resolve()
  expect(await Promise.all(asked)).toEqual(['finished', 'finished'])
  expect(await within(10_000, 'Myriad to end', at.exited)).toBe(0)
  idle.destroy()
})

/** A body of which nothing follows the beginning. */
async function* begun() {
  yield Buffer.from('begun')
  await new Promise(() => undefined)
}

test('a request body that stops is not waited for longer than bodyTime', async () => {
  const at = await start({ edge: { bodyTime: '1s' } })
  origin.answer(() => undefined)
  for (const protocol of [tls, h2]) {
    const body = begun() as unknown as Bun.BodyInit
    const got = await within(8_000, 'an answer', ask(protocol, at, '/up', { method: 'POST', body }))
    expect([protocol.name, got.status]).toEqual([protocol.name, 408])
    await got.text()
  }
  await Promise.all(
    origin.requests.map((request) => within(3_000, 'the origin to be given up', request.connection.closed)),
  )
})

test('a client that does not read is not waited for longer than bodyTime', async () => {
  const at = await start({ edge: { bodyTime: '1s', idleTime: '2s' } })
  const chunk = 'x'.repeat(65_536)
  let written = 0
  origin.answer(async ({ connection, target }) => {
    if (target !== '/endless') return response('200 OK', ['Cache-Control: no-store'], 'other')
    await connection.flush('HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 200000000\r\n\r\n')
    for (written = 0; written < 200_000_000; written += chunk.length) await connection.flush(chunk)
  })
  const socket = connect({ port: at.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    socket.write('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.pause()
  })
  socket.on('error', () => undefined)
  const { connection } = await origin.request(1)
  await within(12_000, 'the origin to be given up', connection.closed)
  expect(written).toBeLessThan(50_000_000)
  socket.destroy()
}, 20_000)
