// `myriad serve`: stands in front of an application until it is told to stop.
import { listenForAdmin, type AdminAnswers, type AdminListener } from '../admin/listener.ts'
import { socketFolder } from '../admin/folder.ts'
import { originText } from '../config/origin-text.ts'
import type { Site } from '../config/site.ts'
import { nearest } from '../config/spelling.ts'
import type { Tell } from '../logs/error-log.ts'
import { openErrorLog } from '../logs/open.ts'
import type { Command, Given, World } from './command.ts'
import { phpFor, type ServedPhp } from './provided-php.ts'
import { localCertificate, stateFolder } from './local-certificate.ts'
import { ListenError, startServer, type RunningServer } from './server.ts'
import { configFlag, listenFlag, siteFrom } from './site.ts'
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
SIGTERM and Ctrl-C let the requests in progress finish; a second Ctrl-C ends at once. SIGUSR1 opens the logs anew.`,
  flags: [
    listenFlag,
    configFlag,
    { name: 'processes', value: 'N', text: 'How many processes serve; 1.' },
    { name: 'console', value: 'off', text: 'Where the console is; off.' },
  ],
  async run(given, world) {
    const refused = refusal(given)
    if (refused !== undefined) {
      world.err(`myriad: ${refused}\n`)
      return 2
    }
    const found = await siteFrom(given, world)
    if (found === undefined) return 2
    const { site, recognised } = found
    const errors = openErrorLog(site.log, { ...world, stderr: world.err })
    const php = await phpFor(site, world, (line) => errors.tell('notice', line))
    const server = typeof php === 'number' ? undefined : start(site, php, errors.tell, world)
    if (typeof php === 'number' || server === undefined) {
      if (typeof php !== 'number') await php.end()
      await errors.close()
      return typeof php === 'number' ? php : 1
    }
    // Before anything is printed: whoever waits for a line may send a signal at once.
    const stopped = stopSignal()
    process.on('SIGUSR1', () => {
      errors.reopen()
      server.reopenLog()
    })
    for (const line of [...(recognised === undefined ? [] : [recognised]), ...php.lines])
      world.out(`${line}\n`)
    await serveUntil(stopped, server, site, errors.tell, world)
    await php.end()
    await errors.close()
    return 0
  },
}

/** What one process without a console cannot do. */
function refusal(given: Given): string | undefined {
  const processes = given.value('processes') ?? '1'
  const console = given.value('console') ?? 'off'
  if (processes !== '1') return `--processes ${processes} is not available: this version serves with 1`
  if (console !== 'off') {
    const meant = nearest(console, ['off']) === undefined ? '' : "; did you mean 'off'?"
    return `--console ${console} is not available: this version has no console, so only 'off'${meant}`
  }
  return undefined
}

function start(site: Site, php: ServedPhp, tell: Tell, world: World): RunningServer | undefined {
  try {
    return startServer(site, {
      ...world,
      tell,
      php: php.byFolder,
      localCertificate: () => localCertificate(stateFolder(), world.clock.nowMs()),
    })
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    world.err(`myriad: ${listenProblem(error)}\n`)
    return undefined
  }
}

/** Why an address cannot be listened on, and what to do about it. */
function listenProblem({ address, cause }: ListenError): string {
  const code = (cause as { code?: string } | undefined)?.code
  const place = `port ${address.port} on ${address.hostname}`
  if (code === 'EADDRINUSE') return `${place} is in use by another program: choose another with --listen`
  if (code === 'EACCES') return `${place} may not be opened by this user: ports below 1024 need a privilege`
  if (code === 'EADDRNOTAVAIL') return `${address.hostname} is not an address of this machine`
  return `cannot listen on ${place}: ${cause instanceof Error ? cause.message : String(cause)}`
}

async function serveUntil(
  stopped: Promise<void>,
  server: RunningServer,
  site: Site,
  tell: Tell,
  world: World,
): Promise<void> {
  const startMs = world.clock.monotonicMs()
  const admin = listen(tell, {
    status: () => ({
      version,
      pid: process.pid,
      runningMs: Math.round(world.clock.monotonicMs() - startMs),
      addresses: server.addresses,
      routes: site.routes.routes.map((route) => ({ name: route.name, service: route.service.name })),
      memory: server.memory(),
      funnel: server.funnel.snapshot(),
    }),
    purge: (asked) => server.purge(asked),
  })
  for (const address of server.addresses) world.out(`${address} serves ${routesText(site)}\n`)
  await stopped
  await server.drain()
  admin?.stop()
}

/** The site is served without its control socket too, only `myriad status` and `myriad purge` do not see it. */
function listen(tell: Tell, answers: AdminAnswers): AdminListener | undefined {
  try {
    const admin = listenForAdmin(socketFolder(), process.pid, answers)
    // Also when a second Ctrl-C, or a broken invariant, ends the process.
    process.on('exit', admin.stop)
    return admin
  } catch (error) {
    tell('warning', `no status and no purge: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Resolves at the first SIGTERM or SIGINT; a SIGINT after that ends the process. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: 'SIGTERM' | 'SIGINT'): void => {
      // 130: ended by SIGINT, as shells count it.
      if (stopping && signal === 'SIGINT') process.exit(130)
      stopping = true
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
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
