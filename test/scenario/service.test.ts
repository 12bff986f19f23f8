// Myriad under a service manager: the sockets that it is handed over, and what it tells (sd_listen_fds(3), sd_notify(3)),
// with sockets as systemd has them.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { receiveDatagrams } from '../../src/net/datagram.ts'
import { libc } from '../../src/net/libc.ts'
import { listenOn } from '../../src/supervisor/descriptors.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { untilDatagram } from '../../testing/datagram.ts'
import { executable } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { request } from '../../testing/site.ts'
import { steadyLoad } from '../../testing/steady-load.ts'
import { within } from '../../testing/within.ts'

const F_SETFL = 4

let folder = ''
let file = ''
let socket = 0
let port = 0
let notify = 0
const started: Child[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-service-'))
  file = join(folder, 'myriad.config.json')
  writeFileSync(join(folder, 'page'), 'a page')
  const opened = listenOn({ address: '127.0.0.1', port: 0 }, 'first')
  socket = opened.descriptor
  port = opened.port
  // systemd's sockets block.
  libc()!.fcntl(socket, F_SETFL, 0)
  notify = receiveDatagrams(join(folder, 'notify'))
})

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop()
  closeSync(socket)
  closeSync(notify)
  rmSync(folder, { recursive: true, force: true })
})

/** A configuration that listens where the socket is bound, among others. */
const write = (more: object = {}): void =>
  writeFileSync(
    file,
    JSON.stringify({
      listen: ['127.0.0.1:0', `127.0.0.1:${port}`],
      services: { site: { origin: { files: '.' } } },
      ...more,
    }),
  )

/** Starts `myriad serve` as systemd would: the process id is known to the shell that becomes Myriad. */
function start(processes: number, env: Record<string, string> = {}): Child {
  const script = 'export LISTEN_PID=$$; exec "$@"'
  const serve = [executable, 'serve', '--config', file, '--processes', String(processes)]
  const child = startChild(
    ['sh', '-c', script, 'sh', ...serve],
    {
      XDG_RUNTIME_DIR: folder,
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'web',
      NOTIFY_SOCKET: join(folder, 'notify'),
      ...env,
    },
    [socket],
  )
  started.push(child)
  return child
}

const told = (pattern: RegExp) => untilDatagram(notify, pattern)

/** A client whose request waits in the socket's queue, if nobody accepts. */
async function asking(): Promise<RawClient> {
  const client = await RawClient.connect(port)
  await client.send(request('/page'))
  return client
}

async function answered(client: RawClient): Promise<string> {
  const text = (await client.response()).text()
  client.destroy()
  return text
}

test.each([1, 2])('with %d processes it answers on the socket, and tells what happens', async (processes) => {
  write()
  const early = await asking()
  const child = start(processes)
  const ready = await told(/^READY=1\nSTATUS=(.*)$/)
  expect(ready[1]).toContain(`http://127.0.0.1:${port}`)
  expect(await answered(early)).toBe('a page')
  const { stop } = steadyLoad(port, 2, 'anew')
  child.signal('SIGHUP')
  expect(Number((await told(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/))[1])).toBeGreaterThan(0)
  expect((await told(/^READY=1\nSTATUS=(.*)$/))[1]).toContain('read anew')
  // A wrong one is refused, and what runs is ready all the same.
  write({ rute: [] })
  child.signal('SIGHUP')
  await told(/^RELOADING=1/)
  expect((await told(/^READY=1\nSTATUS=(.*)$/))[1]).toContain('rute')
  // An address that the configuration leaves out and names again has its socket still.
  write({ listen: ['127.0.0.1:0'] })
  child.signal('SIGHUP')
  expect((await told(/^READY=1\nSTATUS=(.*)$/))[1]).toContain('read anew')
  const waiting = await asking()
  write()
  child.signal('SIGHUP')
  expect((await told(/^READY=1\nSTATUS=(.*)$/))[1]).toContain('read anew')
  expect(await answered(waiting)).toBe('a page')
  expect(await stop()).toEqual([])
  child.signal('SIGTERM')
  await told(/^STOPPING=1/)
  expect(await within(10_000, 'its end', child.exited)).toBe(0)
})

test.each([1, 2])('with %d processes a restart refuses nobody', async (processes) => {
  write()
  const first = start(processes)
  await told(/^READY=1/)
  const { stop } = steadyLoad(port, 2, 'anew')
  first.signal('SIGTERM')
  expect(await within(10_000, 'its end', first.exited)).toBe(0)
  // Nobody accepts now, and whoever comes waits.
  const early = await asking()
  start(processes)
  await told(/^READY=1/)
  expect(await answered(early)).toBe('a page')
  expect(await stop()).toEqual([])
})

test('it shows signs of life when it is asked to', async () => {
  write()
  start(2, { WATCHDOG_USEC: '100000' })
  await told(/^READY=1/)
  await told(/^WATCHDOG=1$/)
  await told(/^WATCHDOG=1$/)
})

test('a socket that no address of the configuration has is told of', async () => {
  write({ listen: '127.0.0.1:0' })
  const child = start(1)
  await told(/^READY=1/)
  expect(child.printed()).toContain(`handed over for 127.0.0.1 port ${port}`)
})

test('what is meant for another process is not taken', async () => {
  write()
  const child = startChild(
    [executable, 'serve', '--config', file],
    { XDG_RUNTIME_DIR: folder, LISTEN_PID: '1', LISTEN_FDS: '1' },
    [socket],
  )
  started.push(child)
  expect(await within(10_000, 'its end', child.exited)).toBe(1)
  expect(child.printed()).toContain('is in use by another program')
})
