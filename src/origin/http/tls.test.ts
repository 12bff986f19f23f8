// TLS towards origins: which certificates are accepted, and which is shown.
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { httpOrigin, type MadeOrigin } from '../../../testing/http-origin.ts'
import type { Answering } from '../../../testing/origin-call.ts'
import { response } from '../../../testing/raw-origin.ts'
import { pass } from '../../../testing/within.ts'
import { LARGE_BYTES } from '../origin-contract.ts'
import { defaultTlsOrigin, type TlsOriginSettings } from './settings.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** An origin that is closed after the test. */
function originTo(port: number, tls: Partial<TlsOriginSettings>): MadeOrigin {
  const made = httpOrigin(port, {}, { scheme: 'https', tls: { ...defaultTlsOrigin, ...tls } })
  cleanups.push(() => made.origin.close())
  return made
}

const asking = (port: number, tls: Partial<TlsOriginSettings>): Answering => originTo(port, tls).ask()

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'origin-tls-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args], { cwd: folder })
    if (exitCode !== 0) throw new Error(stderr.toString())
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const issue = (name: string, ...extension: string[]): void =>
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      ...extension,
    )
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA')
  issue('server', '-addext', 'subjectAltName=DNS:a.test', '-addext', 'basicConstraints=critical,CA:FALSE')
  issue('client', '-addext', 'basicConstraints=critical,CA:FALSE')
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'self.key',
    '-out',
    'self.pem',
    '-subj',
    '/CN=a.test',
    '-addext',
    'subjectAltName=DNS:a.test',
  )
  const read = (name: string): Promise<string> => Bun.file(file(name)).text()

  /** A server that tells the name that it was asked for and the client's certificate. */
  async function tlsServer(name: string, options: object = {}): Promise<number> {
    const server = createTlsServer(
      {
        key: await read(`${name}.key`),
        cert: await read(`${name}.pem`),
        ca: await read('ca.pem'),
        ...options,
      },
      (socket) => {
        socket.on('error', () => socket.destroy())
        socket.on('data', () => {
          const { subject } = socket.getPeerCertificate()
          socket.write(response('200 OK', [], `${String(socket.servername)} ${subject?.CN ?? 'nobody'}`))
        })
      },
    )
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => server.close())
    return (server.address() as AddressInfo).port
  }

  const ca = file('ca.pem')
  const servername = 'a.test'

  test('an origin that shows the right certificate is asked', async () => {
    const answer = asking(await tlsServer('server'), { ca, servername })
    expect([await answer.result(), answer.body]).toEqual(['ended', 'a.test nobody'])
  })

  test('a certificate for another host, of another authority, or its own, is refused', async () => {
    const port = await tlsServer('server')
    expect(await asking(port, { ca, servername: 'b.test' }).result()).toBe('connect-refused')
    expect(await asking(port, { servername }).result()).toBe('connect-refused')
    expect(await asking(await tlsServer('self'), { ca, servername }).result()).toBe('connect-refused')
  })

  test('unless nothing is to be verified', async () => {
    const answer = asking(await tlsServer('self'), { servername: 'b.test', verify: false })
    expect(await answer.result()).toBe('ended')
  })

  test('a client certificate is shown', async () => {
    const port = await tlsServer('server', { requestCert: true, rejectUnauthorized: true })
    const answer = asking(port, { ca, servername, cert: file('client.pem'), key: file('client.key') })
    expect([await answer.result(), answer.body]).toEqual(['ended', 'a.test client'])
    expect(await asking(port, { ca, servername }).result()).toBeOneOf(['connect-refused', 'origin-closed'])
  })

  test('connections are used again, and a large answer comes whole at the pace of its reader', async () => {
    let connections = 0
    const server = createTlsServer(
      { key: await read('server.key'), cert: await read('server.pem') },
      (socket) => {
        connections++
        socket.on('data', () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`)
          socket.write(Buffer.alloc(LARGE_BYTES, 'x'))
        })
      },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => server.close())
    const { ask } = originTo((server.address() as AddressInfo).port, { ca, servername })
    for (let i = 0; i < 2; i++) {
      const large = ask()
      large.onData = () => {
        large.onData = () => {}
        large.call.pause()
      }
      await large.until('the first piece', () => large.receivedBytes > 0)
      await pass(20)
      expect(large.receivedBytes).toBeLessThan(LARGE_BYTES / 2)
      large.call.resume()
      expect(await large.result()).toBe('ended')
      expect(large.receivedBytes).toBe(LARGE_BYTES)
    }
    expect(connections).toBe(1)
  })
})
