// A supervisor that is killed leaves processes that serve on; the next one takes their place without a request being lost.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realTimers } from '../../src/base/clock.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { freePorts } from '../../testing/free-port.ts'
import { executable } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { response, startRawOrigin, type RawOrigin } from '../../testing/raw-origin.ts'
import { request } from '../../testing/site.ts'
import { steadyLoad } from '../../testing/steady-load.ts'
import { within } from '../../testing/within.ts'

let folder = ''
let port = 0
let other = 0
let version = 1
let origin: RawOrigin | undefined
const started: Child[] = []
const orphans: number[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-orphans-'))
  version = 1
  origin = await startRawOrigin(() => response('200 OK', ['Cache-Control: max-age=600'], `v${version}`))
  // Two at once: of two that are asked for one after the other the second may be the first.
  ;[port, other] = (await freePorts(2)) as [number, number]
})

afterEach(async () => {
  for (const pid of orphans.splice(0)) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  for (const child of started.splice(0)) await child.stop()
  await origin?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Only these Myriads see one another. */
const alone = (): Record<string, string> => ({ XDG_RUNTIME_DIR: folder })

async function serve(processes: number, ...ports: readonly number[]): Promise<Child> {
  const file = join(folder, `${ports.join()}.json`)
  const listen = ports.map((each) => `127.0.0.1:${each}`)
  writeFileSync(file, JSON.stringify({ listen, services: { site: { origin: origin!.url } } }))
  const child = startChild([executable, 'serve', '--config', file, '--processes', String(processes)], alone())
  started.push(child)
  await within(10_000, 'serving', child.prints(/http:\/\/127\.0\.0\.1:\d+ serves /))
  return child
}

async function pidsOf({ pid }: Child): Promise<number[]> {
  const child = startChild([executable, 'status', '--json', '--pid', String(pid)], alone())
  await child.exited
  const { processes } = JSON.parse(child.printed()) as { processes: { pid: number }[] }
  return processes.map((each) => each.pid)
}

/** Kills a supervisor; its processes are left. */
async function orphan(child: Child): Promise<number[]> {
  const pids = await pidsOf(child)
  orphans.push(...pids)
  child.signal('SIGKILL')
  // Its output stays open: they have it too.
  await ended([child.pid])
  return pids
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // There is no such process.
    return false
  }
}

async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await new Promise<void>((resolve) => realTimers.after(5, resolve))
}

async function ask(method = 'GET', at = port): Promise<string> {
  const client = await RawClient.connect(at)
  await client.send(request('/page', { method }))
  const answer = await client.response(method)
  client.destroy()
  return `${answer.status} ${answer.text()}`
}

// As many, more, fewer, and none beside itself.
test.each([2, 3, 1])('%d processes take over from two without losing a request', async (processes) => {
  const before = await orphan(await serve(2, port))
  const loads = [steadyLoad(port, 3), steadyLoad(port, 3, 'anew')]
  const child = await serve(processes, port)
  expect(child.printed()).toContain('2 processes without a supervisor hand their sockets over and end')
  await within(10_000, 'the orphans to end', ended(before))
  const enough = loads.map(({ answers }) => answers + 200)
  while (loads.some(({ answers }, i) => answers < enough[i]!)) await ask()
  for (const { stop } of loads) expect(await stop()).toEqual([])
  expect((await pidsOf(child)).some((pid) => before.includes(pid))).toBe(false)
  // And again, from those.
  if (processes === 1) return
  const next = await orphan(child)
  expect(next).toHaveLength(processes)
  await serve(2, port)
  await within(10_000, 'the next orphans to end', ended(next))
  expect(await ask()).toBe('200 v1')
})

test('what is purged while they still serve is gone from them too', async () => {
  const before = await orphan(await serve(2, port))
  const kept = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = await RawClient.connect(port)
      await client.send(request('/page'))
      expect((await client.response()).text()).toBe('v1')
      return client
    }),
  )
  await serve(2, port)
  version = 2
  expect(await ask('PURGE')).toStartWith('200')
  for (const client of kept) {
    await client.send(request('/page'))
    expect((await client.response()).text()).toBe('v2')
    client.destroy()
  }
  await within(10_000, 'the orphans to end', ended(before))
})

test('a start that comes to nothing leaves them as they were', async () => {
  const before = await orphan(await serve(2, port))
  const taken = await startRawOrigin(() => response('200 OK', []))
  const file = join(folder, 'wrong.json')
  const listen = [port, taken.port].map((each) => `127.0.0.1:${each}`)
  writeFileSync(file, JSON.stringify({ listen, services: { site: { origin: origin!.url } } }))
  const child = startChild([executable, 'serve', '--config', file, '--processes', '2'], alone())
  expect([await child.exited, child.printed()]).toEqual([1, expect.stringContaining('is in use')])
  await taken.stop()
  expect([await ask(), before.every(isRunning)]).toEqual(['200 v1', true])
  await serve(2, port)
  await within(10_000, 'the orphans to end', ended(before))
})

test('those that hang are killed, and those elsewhere are left alone', async () => {
  const elsewhere = await orphan(await serve(2, other))
  const before = await orphan(await serve(2, port))
  for (const pid of [...before, elsewhere[0]!]) process.kill(pid, 'SIGSTOP')
  const child = await serve(2, port)
  process.kill(elsewhere[0]!, 'SIGCONT')
  expect(child.printed()).toMatch(/no answer within \d+ ms: it is killed/)
  await within(10_000, 'their end', ended(before))
  expect([await ask(), await ask('GET', other), elsewhere.every(isRunning)]).toEqual([
    '200 v1',
    '200 v1',
    true,
  ])
  await child.stop()
  // Nothing is left of those that have gone.
  expect(readdirSync(join(folder, 'myriad')).filter((name) => name.endsWith('.edges'))).toHaveLength(1)
})
