// Who speaks FastCGI and who does not: an HTTP server, one that says nothing, one that is not there.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../testing/fake-clock.ts'
import { freePort } from '../../testing/free-port.ts'
import { realTimers } from '../base/clock.ts'
import { speaksFastCgi } from './php-fpm-ping.ts'

/** The answer of php-fpm 8.2, byte for byte. */
const answer = Buffer.concat([
  Buffer.from([1, 10, 0, 0, 0, 18, 6, 0, 15, 1]),
  Buffer.from('FCGI_MPXS_CONNS0'),
  Buffer.alloc(6),
])

async function withServer<T>(
  serve: (socket: Socket) => void,
  run: (address: string) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  const folder = mkdtempSync(join(tmpdir(), 'myriad-ping-'))
  const path = join(folder, 'a.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    return await run(path)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true })
  }
}

test('an answer of FastCGI, also in pieces', async () => {
  const whole = await withServer(
    (socket) => socket.once('data', () => socket.write(answer)),
    (path) => speaksFastCgi(path, realTimers),
  )
  const pieces = await withServer(
    (socket) => socket.once('data', () => [...answer].forEach((byte) => socket.write(Buffer.from([byte])))),
    (path) => speaksFastCgi(path, realTimers),
  )
  expect([whole, pieces]).toEqual([true, true])
})

test('an HTTP server does not speak it, nor one that closes', async () => {
  const http = await withServer(
    (socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    (path) => speaksFastCgi(path, realTimers),
  )
  const closes = await withServer(
    (socket) => socket.once('data', () => socket.end()),
    (path) => speaksFastCgi(path, realTimers),
  )
  expect([http, closes]).toEqual([false, false])
})

test('nobody is there', async () => {
  expect(await speaksFastCgi(`127.0.0.1:${await freePort()}`, realTimers)).toBe(false)
  expect(await speaksFastCgi('/no/such.sock', realTimers)).toBe(false)
})

test('who does not answer within a second is not taken', async () => {
  const clock = new FakeClock()
  const silent = await withServer(
    (socket) => socket.once('data', () => clock.advance(1000)),
    (path) => speaksFastCgi(path, clock),
  )
  expect(silent).toBe(false)
})
