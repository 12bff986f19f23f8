// A file on its way into a socket that takes little at a time. Through memory here: sendfile needs a real socket
// (test/scenario/files.test.ts).
import { appendFileSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { FakeSocket } from '../../../testing/fake-socket.ts'
import { Outbox } from '../../base/outbox.ts'
import { OpenFiles } from './open-files.ts'
import { FilePour } from './pour.ts'
import { DocumentRoot } from './root.ts'

const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 7) % 251))
let folder: string
let clock: FakeClock
let files: OpenFiles
let socket: FakeSocket

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pour-')))
  clock = new FakeClock()
  files = new OpenFiles(3, clock)
  socket = new FakeSocket()
  writeFileSync(join(folder, 'file'), content)
})
afterEach(() => {
  files.closeIdle()
  rmSync(folder, { recursive: true })
})

function pour(first: number, bytes: number): FilePour {
  const found = new DocumentRoot({ root: folder, linkTargets: [], deny: [] }).resolve('/file')
  const open = found.kind === 'file' ? files.open(found.file) : 'gone'
  if (typeof open === 'string') throw new Error(open)
  return new FilePour(open, first, bytes)
}

const written = (): Buffer => Buffer.from(socket.text, 'latin1')
const head = Buffer.from('head')

test('a part of a file goes out behind its head, whole and in order', () => {
  const outbox = new Outbox(socket)
  expect(outbox.sendFrom(pour(1000, 700_000), head, 4)).toBe(true)
  expect(written().equals(Buffer.concat([head, content.subarray(1000, 701_000)]))).toBe(true)
  expect([outbox.waitingBytes, files.count - files.idleCount]).toEqual([0, 0])
})

test('what the socket does not take stays in the file', () => {
  const outbox = new Outbox(socket)
  socket.roomBytes = 2
  expect(outbox.sendFrom(pour(0, content.length), head, 4)).toBe(false)
  expect(outbox.waitingBytes).toBe(2 + content.length)
  outbox.send(Buffer.from('behind'))
  head.fill('x')
  for (let i = 0; outbox.waitingBytes > 0; i++) {
    expect(i).toBeLessThan(100)
    socket.roomBytes = 33_333
    outbox.flush()
  }
  head.write('head')
  expect(written().equals(Buffer.concat([head, content, Buffer.from('behind')]))).toBe(true)
  expect(files.count - files.idleCount).toBe(0)
})

test.each([
  ['written to', () => appendFileSync(join(folder, 'file'), 'more')],
  ['cut short', () => truncateSync(join(folder, 'file'), 500_000)],
])('a file that is %s on the way breaks the connection off', (_, change) => {
  const outbox = new Outbox(socket)
  socket.roomBytes = 400_000
  outbox.sendFrom(pour(0, content.length), head, 4)
  const before = written().length
  change()
  socket.roomBytes = Infinity
  expect(outbox.flush()).toBe(false)
  expect([written().length, socket.state, outbox.waitingBytes]).toEqual([before, 'cut', 0])
  expect(files.count - files.idleCount).toBe(0)
})

test('a file that is written to while it waits behind another answer is not begun', async () => {
  const outbox = new Outbox(socket)
  socket.roomBytes = 3
  outbox.send(Buffer.from('before'))
  outbox.sendFrom(pour(0, content.length), head, 4)
  await Promise.resolve()
  writeFileSync(join(folder, 'file'), Buffer.alloc(content.length))
  socket.roomBytes = Infinity
  expect(outbox.flush()).toBe(false)
  expect([socket.text, socket.state]).toEqual(['beforehead', 'cut'])
  expect(files.count - files.idleCount).toBe(0)
})

test('a file that ends before what was promised breaks the connection off', () => {
  const outbox = new Outbox(socket)
  const long = pour(0, content.length + 1)
  outbox.sendFrom(long, head, 4)
  expect([socket.state, files.count - files.idleCount]).toEqual(['cut', 0])
})

test('a client that has gone lets go of the file', () => {
  const outbox = new Outbox(socket)
  socket.roomBytes = 10
  outbox.sendFrom(pour(0, content.length), head, 4)
  expect(files.count - files.idleCount).toBe(1)
  outbox.clear()
  expect(files.count - files.idleCount).toBe(0)
})

test('one client has its turn, then others', () => {
  truncateSync(join(folder, 'file'), 40 << 20)
  const outbox = new Outbox(socket)
  expect(outbox.sendFrom(pour(0, 40 << 20), head, 4)).toBe(false)
  expect([outbox.waitingBytes, socket.asked]).toEqual([24 << 20, 1])
  outbox.flush()
  outbox.flush()
  expect([outbox.waitingBytes, socket.asked]).toEqual([0, 2])
})
