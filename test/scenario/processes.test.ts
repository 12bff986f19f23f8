// Several processes for one site: a purge is gone from all of them when it is answered, one that is killed comes back, and
// they go on without their supervisor.
import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../../testing/child.ts'
import { executable } from '../../testing/myriad.ts'
import { fresh, request, type Site, startSite } from '../../testing/site.ts'

async function pidsOf(site: Site): Promise<number[]> {
  const child = startChild([executable, 'status', '--json', '--pid', String(site.myriad.pid)])
  await child.exited
  const { processes } = JSON.parse(child.printed()) as { processes: { pid: number }[] }
  return processes.map(({ pid }) => pid)
}

const read = async (site: Site): Promise<Set<string>> =>
  new Set(await Promise.all(Array.from({ length: 60 }, async () => (await site.ask('/page')).text())))

test('after a purge, and after a write, no process has the old page', async () => {
  const site = await startSite({ processes: 4 })
  let version = 1
  site.on('/page', ({ method }) => {
    if (method === 'POST') version++
    return fresh(`v${version}`)
  })
  await read(site)
  for (const method of ['PURGE', 'POST', 'PURGE', 'POST']) {
    if (method === 'PURGE') version++
    expect((await site.ask('/page', method === 'POST' ? { method, body: 'x' } : { method })).status).toBe(200)
    expect(await read(site)).toEqual(new Set([`v${version}`]))
  }
  await site.stop()
})

test('a process that is killed comes back; without the supervisor the others serve on', async () => {
  const site = await startSite({ processes: 2 })
  site.on('/page', fresh('page'))
  const [first] = await pidsOf(site)
  process.kill(first!, 'SIGKILL')
  await site.myriad.prints(/another one is started/)
  expect(await read(site)).toEqual(new Set(['page']))
  let pids = await pidsOf(site)
  while (pids.length < 2) pids = await pidsOf(site)
  site.myriad.signal('SIGKILL')
  expect(await read(site)).toEqual(new Set(['page']))
  for (const pid of pids) process.kill(pid, 'SIGTERM')
  await site.stop()
})

test('a process that hangs is killed before a purge is answered', async () => {
  const site = await startSite({ processes: 2 })
  let version = 1
  site.on('/page', () => fresh(`v${version}`))
  await read(site)
  const pids = await pidsOf(site)
  process.kill(pids[0]!, 'SIGSTOP')
  version++
  let answered = false
  // A connection may go to the one that is stopped, and then gets no answer.
  while (!answered) {
    const asking = await site.connect()
    await asking.send(request('/page', { method: 'PURGE' }))
    answered = await asking.response('PURGE', 4_500).then(
      ({ status }) => status === 200,
      () => false,
    )
    asking.destroy()
  }
  expect(await read(site)).toEqual(new Set(['v2']))
  expect(await pidsOf(site)).not.toContain(pids[0]!)
  await site.stop()
})

test('a log that is renamed loses no line of any process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-log-'))
  const log = join(folder, 'access.log')
  const site = await startSite({ processes: 2, log: { access: log, flushTime: '20ms' } })
  site.on('/page', fresh('page'))
  let asked = 0
  while (!existsSync(log)) {
    await read(site)
    asked += 60
  }
  renameSync(log, `${log}.1`)
  site.myriad.signal('SIGUSR1')
  for (const pid of await pidsOf(site)) process.kill(pid, 'SIGUSR1')
  await read(site)
  await site.stop()
  const lines = [log, `${log}.1`].flatMap((file) => readFileSync(file, 'latin1').split('\n').slice(0, -1))
  expect(lines).toHaveLength(asked + 60)
  rmSync(folder, { recursive: true })
})
