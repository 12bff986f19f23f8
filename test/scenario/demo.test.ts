// `myriad demo` as a whole: what it starts, what it prints where there is no terminal, and that it leaves nothing behind.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'bun:test'
import { type Child, startChild } from '../../testing/child.ts'

const executable = join(import.meta.dir, '../../bin/myriad')
const announced = /Myriad listens on (http:\/\/127\.0\.0\.1:\d+) in front of (.*)\n/

let child: Child | undefined
let origin: Bun.Server<undefined> | undefined

afterEach(async () => {
  await child?.stop()
  await origin?.stop(true)
  origin = child = undefined
})

function demo(...args: string[]): Child {
  child = startChild([executable, 'demo', ...args])
  return child
}

/** The processes that a process has started, as Linux tells. */
function childrenOf(pid: number): { pid: number; command: string }[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map((text) => ({ pid: Number(text), command: readFileSync(`/proc/${text}/cmdline`, 'utf8') }))
}

test('shows the calendar through Myriad, counts its visitors, and ends by itself with all it started', async () => {
  const running = demo('--seconds', '5')
  const [, address] = await running.prints(announced)
  const response = await fetch(address!)
  expect(response.headers.get('Cache-Status')).toStartWith('Myriad;')
  expect(await response.text()).toContain('Add an event')
  const started = childrenOf(running.pid)
  expect(started).toHaveLength(3)
  await running.prints(/% ran no application code · [1-9]\d* requests? /)
  expect(await running.exited).toBe(0)
  expect(started.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([])
  expect(running.printed()).not.toContain('\x1b')
})

test('Ctrl-C ends it and all that it started', async () => {
  const running = demo()
  await running.prints(announced)
  const started = childrenOf(running.pid)
  running.signal('SIGINT')
  expect(await running.exited).toBe(0)
  expect(started.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([])
})

test('when a part of it dies it says which, and ends the others', async () => {
  const running = demo()
  await running.prints(announced)
  const started = childrenOf(running.pid)
  process.kill(started.find(({ command }) => command.includes('calendar/main.ts'))!.pid, 'SIGKILL')
  expect(await running.exited).toBe(1)
  expect(running.printed()).toContain('The calendar ended unexpectedly.')
  expect(started.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([])
})

test('with an upstream it serves that, and sends no visitors', async () => {
  const paths: string[] = []
  origin = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      paths.push(new URL(request.url).pathname)
      return new Response('mine')
    },
  })
  const running = demo(`http://127.0.0.1:${origin.port}`)
  const [, address, upstream] = await running.prints(announced)
  expect(upstream).toBe(`http://127.0.0.1:${origin.port}`)
  expect(await (await fetch(`${address}/page`)).text()).toBe('mine')
  await running.prints(/ · 1 request \(application 1\)/)
  expect(paths).toEqual(['/page'])
})

test('an upstream that is none is refused with what serve says about it', async () => {
  const running = demo('ftp://127.0.0.1')
  expect(await running.exited).toBe(1)
  expect(running.printed()).toContain("'ftp://127.0.0.1' is not available as a TARGET")
})

test('a number of seconds that is none is refused', async () => {
  const running = demo('--seconds', 'ten')
  expect(await running.exited).toBe(2)
  expect(running.printed()).toContain('--seconds')
})
