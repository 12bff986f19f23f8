// The budget of the memory tier holds whatever is stored, and what is asked for often stays.
import { readFileSync } from 'node:fs'
import { expect, test } from 'bun:test'
import { cacheStatus } from '../../testing/cache-status.ts'
import { request, fresh, startSite } from '../../testing/site.ts'

const residentBytes = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024

test.skipIf(process.platform !== 'linux')(
  'ten times the budget is asked for: memory stays within it, and the favourite page is still there',
  async () => {
    const budget = 16 << 20
    const site = await startSite({ tiers: { memory: '16MB' } })
    const body = 'x'.repeat(16_000)
    for (let i = 0; i < 64; i++) site.on(`/page/${i}`, ({ target }) => fresh(`${target}\n${body}`))
    site.on('/favourite', fresh('favourite'))
    const client = await site.connect()
    const ask = async (path: string) => {
      await client.send(request(path))
      return client.response()
    }
    for (let i = 0; i < 3; i++) await ask('/favourite')
    // The code itself, its buffers and the young heap are not the store's.
    for (let i = 0; i < 200; i++) await ask(`/page/0?warm${i}`)
    const before = residentBytes(site.myriad.pid)
    let hits = 0
    const count = 10_000
    for (let i = 0; i < count; i++) {
      const answer = await ask(`/page/${i % 64}?${i}`)
      expect(answer.text()).toBe(`/page/${i % 64}?${i}\n${body}`)
      if (i % 50 === 0 && cacheStatus(await ask('/favourite')).hit) hits++
    }
    const grown = residentBytes(site.myriad.pid) - before
    expect(grown).toBeLessThan(budget * 4)
    expect(hits).toBeGreaterThan((count / 50) * 0.9)
    client.destroy()
    await site.stop()
  },
  60_000,
)

test('an object over the limit passes and is not stored', async () => {
  const site = await startSite({ tiers: { memory: '16MB', memoryObject: '100KB' } })
  site.on('/large', fresh('x'.repeat(200_000)))
  site.on('/chunked', ({ connection }) => {
    connection.write('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 20; i++) connection.write(`2710\r\n${'x'.repeat(10_000)}\r\n`)
    connection.write('0\r\n\r\n')
  })
  for (const path of ['/large', '/chunked']) {
    for (let i = 0; i < 2; i++) {
      const answer = await site.ask(path)
      expect([answer.body.length, cacheStatus(answer).hit]).toEqual([200_000, false])
    }
    expect(site.seen(path)).toHaveLength(2)
  }
  await site.stop()
})
