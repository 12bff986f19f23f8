// `myriad serve` as a process: what it prints, how it ends, and that a request goes through it.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild, type Child } from '../../testing/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-serve-'))
const env = { XDG_RUNTIME_DIR: folder }
const main = join(import.meta.dir, 'main.ts')

/** Resolvers of answers that the application holds back, by path. */
const held = new Map<string, () => void>()
let requests = 0
const application = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    requests++
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/held')) await new Promise<void>((resolve) => held.set(pathname, resolve))
    return new Response(`answer to ${pathname}`, { headers: { 'Cache-Control': 'max-age=60' } })
  },
})
afterAll(async () => {
  await application.stop(true)
  rmSync(folder, { recursive: true })
})

const myriad = (...args: string[]): Child => startChild([process.execPath, main, ...args], env)

async function serve(): Promise<{ child: Child; address: string }> {
  const child = myriad(
    'serve',
    `http://127.0.0.1:${application.port}`,
    '--listen',
    '127.0.0.1:0',
    '--processes',
    '1',
  )
  const [, address] = await child.prints(
    /^(http:\/\/127\.0\.0\.1:\d+) serves \/\* from http:\/\/127\.0\.0\.1:\d+$/m,
  )
  return { child, address: address! }
}

test('answers, answers again without the application, and tells its status', async () => {
  const { child, address } = await serve()
  const before = requests
  for (let i = 0; i < 3; i++) expect(await (await fetch(`${address}/a`)).text()).toBe('answer to /a')
  expect(requests - before).toBe(1)
  const status = myriad('status', '--json')
  expect(await status.exited).toBe(0)
  const { pid, addresses, funnel, memory } = JSON.parse(status.printed())
  expect({ pid, addresses }).toEqual({ pid: child.pid, addresses: [address] })
  expect(funnel.tiers).toMatchObject({ memory: 2, origin: 1 })
  expect(memory.objects).toBe(1)
  await child.stop()
  expect(readdirSync(join(folder, 'myriad'))).toEqual([])
})

test('a port that is in use is named, and ends it with 1', async () => {
  const { port } = application
  const child = myriad('serve', 'http://127.0.0.1:9', '--listen', `127.0.0.1:${port}`)
  expect(await child.exited).toBe(1)
  expect(child.printed()).toContain(`port ${port} on 127.0.0.1 is in use by another program`)
})

test('SIGTERM lets the request in progress finish', async () => {
  const { child, address } = await serve()
  const answer = fetch(`${address}/held/term`)
  while (!held.has('/held/term')) await new Promise((resolve) => setImmediate(resolve))
  child.signal('SIGTERM')
  // Draining: new connections are refused.
  for (;;)
    if (
      await fetch(`${address}/b`, { keepalive: false }).then(
        () => false,
        () => true,
      )
    )
      break
  held.get('/held/term')!()
  expect(await (await answer).text()).toBe('answer to /held/term')
  expect(await child.exited).toBe(0)
})

test('a second SIGINT ends at once', async () => {
  const { child, address } = await serve()
  const answer = fetch(`${address}/held/int`).then(
    () => 'answered',
    () => 'broken off',
  )
  while (!held.has('/held/int')) await new Promise((resolve) => setImmediate(resolve))
  child.signal('SIGINT')
  for (;;)
    if (
      await fetch(`${address}/b`, { keepalive: false }).then(
        () => false,
        () => true,
      )
    )
      break
  child.signal('SIGINT')
  expect(await child.exited).toBe(130)
  expect(await answer).toBe('broken off')
  held.get('/held/int')!()
})
