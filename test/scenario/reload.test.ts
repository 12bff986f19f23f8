// Reload and upgrade while requests go on: none fails, a wrong configuration changes nothing.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from '../../testing/child.ts'
import { executable } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import { response, startRawOrigin, type RawOrigin } from '../../testing/raw-origin.ts'
import { request } from '../../testing/site.ts'
import { within } from '../../testing/within.ts'

let folder = ''
let file = ''
const started: Child[] = []
const origins: RawOrigin[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-reload-'))
  file = join(folder, 'myriad.config.json')
})

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop()
  for (const origin of origins.splice(0)) await origin.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function application(text: string): Promise<string> {
  const origin = await startRawOrigin(() => response('200 OK', ['Cache-Control: max-age=600'], text))
  origins.push(origin)
  return origin.url
}

const write = (origin: string, more: object = {}): void =>
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', services: { site: { origin } }, ...more }))

async function command(name: string, pid: number): Promise<readonly [number | null, string]> {
  const child = startChild([executable, name, '--pid', String(pid)])
  return [await child.exited, child.printed()]
}

/** Clients that ask one after another on kept connections; `stop` tells every answer that was not 200. */
function load(port: number, clients: number): { stop(): Promise<string[]> } {
  const state = { going: true }
  const failed: string[] = []
  const one = async (): Promise<void> => {
    let client = await RawClient.connect(port)
    while (state.going) {
      try {
        await client.send(request('/page'))
        const answer = await client.response()
        if (answer.status !== 200) failed.push(String(answer.status))
        if (answer.field('connection') !== 'close') continue
      } catch (error) {
        failed.push(String(error))
      }
      client.destroy()
      client = await RawClient.connect(port)
    }
    client.destroy()
  }
  const all = Array.from({ length: clients }, one)
  return { stop: () => ((state.going = false), Promise.all(all).then(() => failed)) }
}

test.each([1, 2])(
  'with %d processes a reload loses no request, and swaps the application',
  async (processes) => {
    const [first, second] = [await application('first'), await application('second')]
    write(first)
    const child = startChild([executable, 'serve', '--config', file, '--processes', String(processes)])
    started.push(child)
    const [, port] = await within(10_000, 'serving', child.prints(/http:\/\/127\.0\.0\.1:(\d+) serves /))
    const ask = async (): Promise<string> => {
      const client = await RawClient.connect(Number(port))
      await client.send(request('/page'))
      const text = (await client.response()).text()
      client.destroy()
      return text
    }
    expect(await ask()).toBe('first')
    const { stop } = load(Number(port), 4)
    write(second)
    expect((await command('reload', child.pid))[0]).toBe(0)
    for (let i = 0; i < 10; i++) expect(await ask()).toBe('second')
    write(second, { rute: [], edge: { idleTime: 'x' } })
    const [code, told] = await command('reload', child.pid)
    expect([code, told.includes('rute'), told.includes('edge.idleTime')]).toEqual([2, true, true])
    write(second)
    if (processes > 1) expect(await command('upgrade', child.pid)).toMatchObject([0, expect.any(String)])
    expect(await ask()).toBe('second')
    expect(await stop()).toEqual([])
  },
)
