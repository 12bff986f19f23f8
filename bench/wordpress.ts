// WordPress's front page, past the cache and out of it: WordPress, php-fpm, MariaDB and Myriad on one core, as on a small
// server, and the CPU time of all of them counted. Cached pages are renewed after the preset's lifetime, also while they are
// measured.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Blog, host, installedIn, prepareWordPress } from '../test/applications/wordpress/blog.ts'
import { detail } from '../testing/cache-status.ts'
import { mariaDbProgram } from '../test/applications/fixtures/mariadb.ts'
import { phpFpmProgram } from '../test/applications/fixtures/php-fpm.ts'
import { Rig } from '../test/applications/fixtures/rig.ts'
import { ratioRow, type Bench, type Comparison, type Figures, type Row } from './comparison.ts'
import { myriadPhp } from './peers/myriad-php.ts'
import { RunningPeer } from './peers/peer.ts'
import { cpuSecondsOf, moveToServerCore } from './process.ts'
import { ordinaryCrowd, requestsOf } from './visitors.ts'
import { runWrk, writeScript } from './wrk.ts'

const connections = 16

/** What a run must be answered with, before it and after it. */
type Reason = 'bypass-path' | 'fresh'

export const wordpress: Comparison = {
  name: 'wordpress',
  sentence: `WordPress's front page, uncached and cached, with the whole stack on one core, ${connections} connections`,
  async run(bench) {
    const about = { subject: 'WordPress front page', against: 'WordPress, past the cache' }
    const reason = missingHere()
    if (reason !== undefined) return [{ kind: 'skipped', ...about, reason }]
    await using rig = new Rig()
    return [await compared(bench, rig, about)]
  },
}

function missingHere(): string | undefined {
  if (!existsSync(installedIn)) return 'WordPress is not installed'
  const program = [mariaDbProgram, phpFpmProgram].find((name) => Bun.which(name) === null)
  return program && `${program} is not installed`
}

async function compared(bench: Bench, rig: Rig, about: { subject: string; against: string }): Promise<Row> {
  const { root, database, php } = await prepareWordPress(rig)
  mkdirSync(join(root, '-'))
  writeFileSync(join(root, '-/ready'), 'ready')
  const site = { root, socket: php.socket, preset: 'wordpress' }
  await using uncached = await RunningPeer.start(
    myriadPhp({ ...site, cache: { bypass: { path: ['/*'] } } }),
    0,
  )
  await using cached = await RunningPeer.start(myriadPhp(site), 0)
  const blog = await Blog.install(cached.port)
  for (let n = 1; n <= 10; n++) await blog.publish(`Day ${n}`, `What happened on day ${n}.`)
  for (const { pid } of [database, php]) moveToServerCore(pid)
  const crowd = { ...ordinaryCrowd, pages: 1, path: () => '/', revisits: 0 }
  const requests = requestsOf(crowd, 1000).map((request) => request.replace(/^Host: .*$/m, `Host: ${host}`))
  const script = await writeScript(rig.folder, requests)
  const measure = async (server: RunningPeer, reason: Reason, seconds: number): Promise<Figures> => {
    const visitor = blog.visitor('visitor').at(server.port)
    await visitor.get('/')
    const cpu = () => server.process.cpuSeconds() + cpuSecondsOf(database.pid) + cpuSecondsOf(php.pid)
    const before = cpu()
    const run = await runWrk(server.port, script, connections, seconds)
    const cpuSeconds = cpu() - before
    if (run.errors > 0 || run.requests === 0)
      throw new Error(`${reason}: ${run.errors} errors in ${run.requests} requests`)
    const answered = detail(await visitor.get('/'))
    if (answered !== reason) throw new Error(`the front page was answered with ${answered}, not ${reason}`)
    return {
      perCpuSecond: run.requests / cpuSeconds,
      perSecond: run.requests / run.seconds,
      cpuSeconds,
      ...run,
    }
  }
  await measure(uncached, 'bypass-path', bench.warmupSeconds)
  await measure(cached, 'fresh', bench.warmupSeconds)
  const runs: { theirs: Figures; ours: Figures }[] = []
  for (let pair = 1; pair <= bench.pairs; pair++) {
    const theirs = await measure(uncached, 'bypass-path', bench.seconds)
    const ours = await measure(cached, 'fresh', bench.seconds)
    runs.push({ theirs, ours })
    const said = [theirs, ours].map(({ perCpuSecond }) => Math.round(perCpuSecond!).toLocaleString('en'))
    bench.progress(`pair ${pair}: uncached ${said[0]}, cached ${said[1]} per CPU-second`)
  }
  const figure = { figure: 'perCpuSecond', beside: 'perSecond', unit: 'requests per CPU-second' }
  return ratioRow({ ...about, ...figure }, runs)
}
