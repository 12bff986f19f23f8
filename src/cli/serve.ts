// `myriad serve`: stands in front of an application until it is told to stop. With one process it serves itself; with
// several it supervises those that do.
import { messageOf } from '../base/thrown.ts'
import type { ChangeOutcome } from '../admin/change.ts'
import { listenForAdmin, type AdminAnswers, type AdminListener } from '../admin/listener.ts'
import { socketFolder } from '../admin/folder.ts'
import { originText } from '../config/origin-text.ts'
import { siteRows } from '../config/resolve.ts'
import type { Site } from '../config/site.ts'
import { nearest } from '../config/spelling.ts'
import type { Tell } from '../logs/error-log.ts'
import { openErrorLog, type OpenErrorLog } from '../logs/open.ts'
import { canShareSockets } from '../supervisor/descriptors.ts'
import { ServiceManager } from '../supervisor/notify.ts'
import { serveAlone } from './alone.ts'
import { Changes } from './changes.ts'
import type { Command, Given, World } from './command.ts'
import { watchFile } from './config-watch.ts'
import { percent } from './funnel-view.ts'
import { listenProblem } from './listen-problem.ts'
import { PhpPools } from './php-pools.ts'
import { processesOf } from './process-count.ts'
import { readySockets } from './ready-sockets.ts'
import type { Served } from './served.ts'
import { configFlag, listenFlag, siteFrom, type FoundSite } from './site.ts'
import { version } from './version.ts'

export const serve: Command = {
  name: 'serve',
  operands: '[TARGET]',
  operandsMax: 1,
  summary: 'Serve an application: answer from the cache what can be, ask the application for the rest.',
  text: `TARGET is the URL of an HTTP application, such as http://127.0.0.1:9000, or a folder: with index.php in it (or in its
public/ or web/) a PHP site, else files. WordPress, MediaWiki, Drupal, DokuWiki, Laravel and Symfony are recognised. PHP is
asked of the php-fpm that runs here, or of one that is started, and ended again. Without TARGET, the configuration says what is
served: --config FILE, or myriad.config.ts, .json or .yaml in this folder; else the folder itself.
SIGTERM and Ctrl-C let the requests in progress finish; a second Ctrl-C ends at once. SIGHUP, or a change of the file, has the
configuration read anew. SIGUSR1 opens the logs anew.`,
  flags: [
    listenFlag,
    configFlag,
    { name: 'processes', value: 'N', text: 'How many processes serve; one for each core.' },
    { name: 'console', value: 'off', text: 'Where the console is; off.' },
  ],
  async run(given, world) {
    const refused = refusal(given)
    if (refused !== undefined) {
      world.err(`myriad: ${refused}\n`)
      return 2
    }
    const manager = ServiceManager.take(process.env, process.pid, world.timers)
    const found = await siteFrom(given, world)
    if (found === undefined) {
      manager?.status('the configuration is wrong')
      return 2
    }
    const errors = openErrorLog(found.site.log, { ...world, stderr: world.err })
    const php = new PhpPools((line) => errors.tell('notice', line))
    const code = await serveWith(errors, { found, php, given, world, manager })
    await php.end()
    await errors.close()
    return code
  },
}

/** What is served, and what it was asked for with. */
interface Serving {
  readonly found: FoundSite
  readonly php: PhpPools
  readonly given: Given
  readonly world: World
  /** What started this process, where that wants to know how it is. */
  readonly manager: ServiceManager | undefined
}

const { min = 1, max = 1 } = siteRows.processes

/** What cannot be done. */
function refusal(given: Given): string | undefined {
  const processes = given.value('processes')
  const console = given.value('console') ?? 'off'
  if (processes !== undefined && !(/^\d{1,4}$/.test(processes) && +processes >= min && +processes <= max))
    return `--processes ${processes}: expected a whole number, from ${min} to ${max}`
  if (Number(processes) > 1 && !canShareSockets())
    return `--processes ${processes} is not available on this system: several processes need Linux`
  if (console !== 'off') {
    const meant = nearest(console, ['off']) === undefined ? '' : "; did you mean 'off'?"
    return `--console ${console} is not available: this version has no console, so only 'off'${meant}`
  }
  return undefined
}

/** Serves until it is told to stop. */
async function serveWith(errors: OpenErrorLog, serving: Serving): Promise<0 | 1 | 2> {
  const { found, php, world } = serving
  const provided = await php.need(found.site, world)
  if (typeof provided === 'number') return provided
  // Before anything is started or printed: whoever waits for a line may send a signal at once.
  const signals = new Signals()
  const served = await start(errors.tell, serving)
  if (served === undefined) return 1
  signals.onReopen = () => {
    errors.reopen()
    served.reopenLogs()
  }
  const lines = [found.recognised, ...provided.lines].filter((line) => line !== undefined)
  for (const line of lines) world.out(`${line}\n`)
  await serveUntil(signals, served, errors.tell, serving)
  return 0
}

async function start(tell: Tell, { found, php, given, world }: Serving): Promise<Served | undefined> {
  try {
    const processes = processesOf(given, found.site)
    const { inherited, orphans } = await readySockets(found.site, world, tell)
    const deps = { world, tell, processes, inherited, folder: orphans?.folder }
    const served =
      processes === 1
        ? serveAlone(found, php.byFolder, deps)
        : await (await import('./supervised.ts')).serveSupervised(found, php.byFolder, deps)
    inherited.closeLeft()
    await orphans?.retire()
    return served
  } catch (error) {
    const problem = listenProblem(error)
    if (problem === undefined) throw error
    world.err(`myriad: ${problem}\n`)
    return undefined
  }
}

async function serveUntil(signals: Signals, served: Served, tell: Tell, serving: Serving): Promise<void> {
  const { world, manager } = serving
  const startMs = world.clock.monotonicMs()
  let { site } = serving.found
  const changes = new Changes({ ...serving, served, started: site, changed: (found) => (site = found.site) })
  const readAnew = async (): Promise<ChangeOutcome> => {
    manager?.reloading()
    const outcome = await changes.reload()
    manager?.ready(outcome.kind === 'refused' ? outcome.error : outcome.lines.join('; '))
    return outcome
  }
  const admin = listen(tell, {
    status: async () => ({
      version,
      pid: process.pid,
      runningMs: Math.round(world.clock.monotonicMs() - startMs),
      addresses: served.addresses,
      routes: site.routes.routes.map((route) => ({ name: route.name, service: route.service.name })),
      ...(await served.figures()),
    }),
    purge: (asked) => served.purge(asked),
    reload: readAnew,
    upgrade: () => changes.upgrade(),
  })
  const say = (outcome: ChangeOutcome): void => {
    if (outcome.kind === 'refused') return tell('error', outcome.error)
    for (const line of outcome.lines) world.out(`${line}\n`)
  }
  const reload = (): void => void readAnew().then(say)
  signals.onKill = () => served.kill()
  signals.onReload = reload
  signals.onUpgrade = () => void changes.upgrade().then(say)
  const { file } = serving.found
  const unwatch = file === undefined ? undefined : watchFile(file, world.timers, reload)
  for (const address of served.addresses) world.out(`${address} serves ${routesText(site)}\n`)
  manager?.ready(`${served.addresses.join(', ')} serves ${routesText(site)}`)
  const telling = manager && world.timers.every(STATUS_MS, () => void tellFigures(served, manager))
  await signals.stopped
  manager?.stopping()
  telling?.cancel()
  unwatch?.()
  await served.end()
  admin?.stop()
}

/** How often the service manager is told the figures. */
const STATUS_MS = 10_000

async function tellFigures(served: Served, manager: ServiceManager): Promise<void> {
  const { funnel, connections } = await served.figures()
  const share = `${percent(funnel.withoutApplication)} ran no application code`
  const counts = [`${funnel.requests} requests`, `${connections} connections`]
  manager.status([share, ...counts].join(', '))
}

/** The site is served without its control socket too, only `myriad status` and `myriad purge` do not see it. */
function listen(tell: Tell, answers: AdminAnswers): AdminListener | undefined {
  try {
    const admin = listenForAdmin(socketFolder(), process.pid, answers)
    // Also when a second Ctrl-C, or a broken invariant, ends the process.
    process.on('exit', admin.stop)
    return admin
  } catch (error) {
    tell('warning', `no status and no purge: ${messageOf(error)}`)
    return undefined
  }
}

/** What the process is sent while it serves. */
class Signals {
  /** Resolves at the first SIGTERM or SIGINT; a SIGINT after that ends the process. */
  readonly stopped: Promise<void>
  onKill: (() => void) | undefined
  onReload: (() => void) | undefined
  onUpgrade: (() => void) | undefined
  onReopen: (() => void) | undefined

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.stopped = promise
    let stopping = false
    const stop = (signal: 'SIGTERM' | 'SIGINT'): void => {
      if (stopping && signal === 'SIGINT') {
        this.onKill?.()
        // 130: ended by SIGINT, as shells count it.
        process.exit(130)
      }
      stopping = true
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('SIGHUP', () => this.onReload?.())
    process.on('SIGUSR1', () => this.onReopen?.())
    process.on('SIGUSR2', () => this.onUpgrade?.())
  }
}

const routesShown = 4

/** What is served: routes with their services. */
function routesText(site: Site): string {
  const origins = site.services.map(({ origin }) => originText(origin))
  const shown = site.routes.routes
    .slice(0, routesShown)
    .map(({ name, service }) => `${name} from ${origins[service.index]}`)
  const rest = site.routes.routes.length - shown.length
  return [...shown, ...(rest > 0 ? [`${rest} more routes`] : [])].join(', ')
}
