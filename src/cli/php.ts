// `myriad php`: what OPcache and php-fpm say of themselves, what could be better, and emptying OPcache.
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { advise } from '../php/advice.ts'
import { findMasters, identity } from '../php/discovery.ts'
import { historyPath, keepHistory, loadHistory } from '../php/history-file.ts'
import { adviceMetrics, metricsOf, type Metric } from '../php/metrics.ts'
import { addressText, masterAt, type Master } from '../php/pool.ts'
import { addressOf } from '../php/pool-config.ts'
import { prometheusText } from '../php/prometheus.ts'
import type { Report, Tree } from '../php/report.ts'
import { doAll, readAll, type Done } from '../php/round.ts'
import { countTree } from '../php/tree.ts'
import { zabbixText } from '../php/zabbix.ts'
import type { Command, ExitCode, Given, World } from './command.ts'
import { adviceText } from './php-advice-view.ts'
import { statusText } from './php-status-view.ts'

const deeds = ['status', 'advise', 'reset', 'invalidate'] as const

type Deed = (typeof deeds)[number]

const formats = ['json', 'prometheus', 'zabbix'] as const

type Format = (typeof formats)[number] | 'text'

/** How long a pool may take to answer. */
const answerTimeMs = 3000

export const php: Command = {
  name: 'php',
  operands: 'status|advise|reset|invalidate FILE',
  operandsMax: 2,
  summary: 'Show how OPcache and php-fpm are, advise settings, empty OPcache.',
  text: `status      memory, keys, hits, restarts and settings of OPcache for each php-fpm, and its pools' workers
advise      what to write into php.ini and the pools' configuration, and from which readings
reset       empty OPcache
invalidate  drop one file from OPcache, so that its next use compiles it anew

Asks every php-fpm that runs here, over its own sockets; nothing is exposed to the web. Ends with 0 when all pools
answered, 1 when one did not or it was not done, 2 when it was called wrongly.`,
  flags: [
    { name: 'socket', value: 'ADDRESS', many: true, text: 'Ask this pool only: a path, PORT or HOST:PORT.' },
    { name: 'root', value: 'FOLDER', text: 'The site: its PHP files are counted; FILE must lie below it.' },
    {
      name: 'folder',
      value: 'FOLDER',
      text: 'Where to put the script that asks, if pools do not see the usual one.',
    },
    { name: 'json', value: undefined, text: 'Print everything as JSON.' },
    { name: 'prometheus', value: undefined, text: 'Print status or advice as metrics for Prometheus.' },
    { name: 'zabbix', value: undefined, text: 'Print status or advice as lines for zabbix_sender -i -.' },
  ],
  async run(given, world) {
    const wrong = (message: string): ExitCode => {
      world.err(`myriad: ${message}\n`)
      return 2
    }
    const deed = deeds.find((known) => known === given.operands[0])
    if (deed === undefined) return wrong(`php: expected one of ${deeds.join(', ')}`)
    const problem = misuse(deed, given)
    if (problem !== undefined) return wrong(problem)
    const masters = mastersFor(given.values('socket'))
    if (typeof masters === 'string') return wrong(masters)
    const file = deed === 'invalidate' ? fileBelow(given, world) : undefined
    if (file !== undefined && 'error' in file) return wrong(file.error)
    if (masters.length === 0) {
      world.err('myriad: no php-fpm runs here that this user can see; --socket names one\n')
      return 1
    }
    // So that what lies ready for php-fpm is removed whatever happens.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
    if (deed === 'status' || deed === 'advise') return await tell(deed, masters, given, world)
    const question =
      file === undefined ? ({ kind: 'reset' } as const) : ({ kind: 'invalidate', file: file.path } as const)
    const done = await doAll(masters, question, askingOf(given, world))
    world.out(given.has('json') ? `${JSON.stringify(done, null, 2)}\n` : doneText(deed, done))
    return exitOf(deed, masters, done)
  },
}

function misuse(deed: Deed, given: Given): string | undefined {
  const formatsGiven = formats.filter((format) => given.has(format))
  if (formatsGiven.length > 1) return `--${formatsGiven[0]} and --${formatsGiven[1]} exclude one another`
  const isRead = deed === 'status' || deed === 'advise'
  if (!isRead && formatsGiven[0] !== undefined && formatsGiven[0] !== 'json')
    return `--${formatsGiven[0]} belongs to status and advise`
  if (deed === 'invalidate' && given.operands[1] === undefined) return 'php invalidate: expected a FILE'
  if (deed !== 'invalidate' && given.operands[1] !== undefined) return `php ${deed} takes no FILE`
  for (const name of ['root', 'folder'] as const) {
    const folder = given.value(name)
    if (folder !== undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      return `--${name} ${folder}: expected a folder`
  }
  return undefined
}

/** The masters to ask; or what is wrong with an address. What is known of a pool that is named is not lost. */
function mastersFor(sockets: readonly string[]): readonly Master[] | string {
  const found = findMasters()
  if (sockets.length === 0) return found
  const chosen: Master[] = []
  for (const socket of sockets) {
    const address = addressOf(socket) ?? addressOf(socket.startsWith('.') ? resolve(socket) : undefined)
    if (address === undefined) return `--socket ${socket}: expected a path, PORT or HOST:PORT`
    const wanted = identity(address)
    const known = found.flatMap((master) => {
      const pools = master.pools.filter((pool) => identity(pool.address) === wanted)
      return pools.length === 0 ? [] : [{ ...master, pools }]
    })
    chosen.push(known[0] ?? masterAt(address))
  }
  return joined(chosen)
}

/** Pools of one master that were named one by one are together again. */
function joined(masters: readonly Master[]): readonly Master[] {
  const byName = new Map<string, Master>()
  for (const master of masters) {
    const key = `${master.pid} ${master.name}`
    const pools = [...(byName.get(key)?.pools ?? []), ...master.pools]
    const unique = pools.filter(
      (pool, i) => pools.findIndex((other) => addressText(other.address) === addressText(pool.address)) === i,
    )
    byName.set(key, { ...master, pools: unique })
  }
  return [...byName.values()]
}

function askingOf(given: Given, world: World) {
  const folder = given.value('folder')
  return {
    timers: world.timers,
    timeMs: answerTimeMs,
    folder: folder === undefined ? undefined : resolve(world.folder, folder),
  }
}

async function tell(
  deed: 'status' | 'advise',
  masters: readonly Master[],
  given: Given,
  world: World,
): Promise<ExitCode> {
  const root = given.value('root')
  const tree: Tree | undefined = root === undefined ? undefined : countTree(resolve(world.folder, root))
  const path = historyPath()
  const { report, history } = await readAll(
    masters,
    askingOf(given, world),
    world.clock,
    loadHistory(path),
    tree,
  )
  const unkept = keepHistory(path, history)
  if (unkept !== undefined) world.err(`myriad: this reading cannot be kept for a forecast: ${unkept}\n`)
  world.out(
    deed === 'status' ? statusOutput(report, formatOf(given), world) : adviceOutput(report, formatOf(given)),
  )
  const isWhole = report.masters.every(({ pools }) => pools.every(({ answer }) => answer.kind === 'answered'))
  return isWhole ? 0 : 1
}

function formatOf(given: Given): Format {
  return formats.find((format) => given.has(format)) ?? 'text'
}

function statusOutput(report: Report, format: Format, world: World): string {
  if (format === 'text') return statusText(report, world.columns)
  return format === 'json'
    ? `${JSON.stringify(report, null, 2)}\n`
    : metricText(metricsOf(report), report, format)
}

function adviceOutput(report: Report, format: Format): string {
  const advice = advise(report)
  if (format === 'text') return adviceText(advice, report)
  if (format === 'json') return `${JSON.stringify({ advice, report }, null, 2)}\n`
  return metricText(adviceMetrics(advice), report, format)
}

function metricText(metrics: readonly Metric[], report: Report, format: 'prometheus' | 'zabbix'): string {
  return format === 'prometheus' ? prometheusText(metrics) : zabbixText(metrics, report)
}

/** The file as OPcache knows it, with links resolved; it need not exist any more. */
function fileBelow(given: Given, world: World): { readonly path: string } | { readonly error: string } {
  const written = given.operands[1]!
  const asked = resolve(world.folder, written)
  let root: string
  let path: string
  try {
    root = realpathSync(resolve(world.folder, given.value('root') ?? '.'))
    path =
      statSync(asked, { throwIfNoEntry: false }) === undefined
        ? join(realpathSync(dirname(asked)), basename(asked))
        : realpathSync(asked)
  } catch {
    return { error: `${written}: there is no such folder` }
  }
  if (path.startsWith(root.endsWith(sep) ? root : root + sep)) return { path }
  return { error: `${written} is ${path}, which is not below ${root}: name its site with --root` }
}

function doneText(deed: Deed, done: readonly Done[]): string {
  const what = deed === 'reset' ? 'is emptied as soon as no request uses it' : 'the file was dropped'
  return done
    .map(({ master, pool, deed: one }) => {
      const told = 'error' in one ? `not done: ${one.error}` : one.done ? what : `not done: ${one.why}`
      return `${master}  [${pool}]  ${told}\n`
    })
    .join('')
}

function exitOf(deed: Deed, masters: readonly Master[], done: readonly Done[]): ExitCode {
  const doneBy = new Set(
    done.filter(({ deed: one }) => 'done' in one && one.done).map(({ master }) => master),
  )
  if (deed === 'reset') return masters.every(({ name }) => doneBy.has(name)) ? 0 : 1
  const isAsked = masters.every(({ name }) =>
    done.some(
      ({ master, deed: one }) => master === name && 'done' in one && (one.done || one.wasCached === false),
    ),
  )
  return isAsked && doneBy.size > 0 ? 0 : 1
}
