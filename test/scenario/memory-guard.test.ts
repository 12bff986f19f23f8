// A memory tier that is larger than what the process may take: it gives up what it stores, and visitors are served on.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { request, type Site, fresh, startSite } from '../../testing/site.ts'

let site: Site
afterEach(() => site.stop())

const MB = 2 ** 20

function residentBytes(): number {
  const [, pages] = readFileSync(`/proc/${site.myriad.pid}/statm`, 'latin1').split(' ')
  return Number(pages) * 4_096
}

test('the process stays below its guard', async () => {
  site = await startSite({ tiers: { memory: '512MB', memoryObject: '4MB', guard: '200MB' } })
  const body = 'x'.repeat(MB)
  site.on('/', fresh('page'))
  const client = await site.connect()
  const startMs = performance.now()
  let most = 0
  let shed = false
  void site.myriad.prints(/gives up a part/).then(() => (shed = true))
  // More than what the guard leaves comes after the first shedding.
  for (let i = 0, after = 0; after < 120 && i < 2_000; i++) {
    site.on(`/${i}`, fresh(body))
    await client.send(request(`/${i}`))
    expect((await client.response()).body.length).toBe(MB)
    most = Math.max(most, residentBytes())
    if (shed) after++
    // At most 50 MB in a second: what comes between two looks of the guard is the machine's to bear. On the same connection,
    // since newcomers may be refused for a moment.
    while (performance.now() - startMs < i * 20) {
      await client.send(request('/'))
      expect((await client.response()).text()).toBe('page')
    }
  }
  client.destroy()
  expect(shed).toBe(true)
  expect(most).toBeLessThan(215 * MB)
  // There is room for newcomers, at the latest with the next looks.
  const visitor = async () => (await site.ask('/').catch(() => undefined))?.text()
  while ((await visitor()) !== 'page');
}, 60_000)
