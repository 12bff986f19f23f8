// `myriad edge FOLDER PLACE`: one of several processes that serve. Started by `myriad serve` and by nobody else, so the
// help does not show it. What it serves it is told over a socket in the folder; the sockets that it listens on lie in the
// channel that it was started with.
//
// It goes on when its supervisor is gone, and hands its sockets to the next one. SIGTERM lets the requests in progress
// finish; the terminal's signals are for the supervisor.
import { closeSync, existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { readPurgeAsked } from '../admin/purge.ts'
import { formatProblem } from '../config/problem.ts'
import { resolveSite } from '../config/resolve.ts'
import { shareOfSite } from '../config/share.ts'
import type { Site } from '../config/site.ts'
import { openErrorLog, type OpenErrorLog } from '../logs/open.ts'
import { receiveDescriptor } from '../supervisor/descriptors.ts'
import { supervisorSocket } from '../supervisor/edge-processes.ts'
import { Link } from '../supervisor/link.ts'
import { Mesh } from '../supervisor/mesh.ts'
import { answerSuccessor } from '../supervisor/orphans.ts'
import { readHanded, type EdgeQuestion, type EdgeTold, type Handed } from '../supervisor/order.ts'
import type { RunningPool } from '../supervisor/php-fpm-running.ts'
import type { Command, World } from './command.ts'
import { listenProblem } from './listen-problem.ts'
import { localCertificate, stateFolder } from './local-certificate.ts'
import { GRACE_MS } from './listeners.ts'
import { startServer, type RunningServer, type SiteParts } from './server.ts'
import { readFile } from './site.ts'

/** The channel for descriptors: the first after standard error. */
const CHANNEL = 3
/** How often the supervisor is told the figures: what is lost of them at most when this process is killed. */
const FIGURES_MS = 1_000

export const edge: Command = {
  name: 'edge',
  operands: 'FOLDER PLACE',
  operandsMax: 2,
  summary: 'One of several processes that serve; started by serve.',
  text: '',
  flags: [],
  async run({ operands: [folder, place] }, world) {
    if (folder === undefined || place === undefined) {
      world.err('myriad: edge is started by serve, not by hand\n')
      return 2
    }
    try {
      await new EdgeServer(folder, place, world).run()
      return 0
    } catch (error) {
      const problem = listenProblem(error)
      if (problem === undefined) throw error
      world.err(`myriad: ${problem}\n`)
      return 1
    }
  },
}

/** A site with its parts, to be served. */
interface Ready {
  readonly site: Site
  readonly parts: SiteParts
}

/** Serves in this process what its supervisor orders. */
class EdgeServer {
  readonly #stop = Promise.withResolvers<number>()
  #server: RunningServer | undefined
  #errors: OpenErrorLog | undefined
  #prepared: Ready | undefined
  #orphaned = false
  /** The sockets that it listens on, by their addresses and the place among those of the same. */
  #listening: ReadonlyMap<string, number> = new Map()

  constructor(
    private readonly folder: string,
    private readonly place: string,
    private readonly world: World,
  ) {}

  /** Serves until it is told to end, and its requests are done. */
  async run(): Promise<void> {
    this.#obeySignals()
    const { world, folder } = this
    const link = await Link.connect(supervisorSocket(folder), {
      asked: (what) => this.#asked(what as EdgeQuestion),
      told: (what) => this.#told(what as EdgeTold),
    })
    void link.closed.then(() => (this.#orphaned = true))
    const handed = readHanded(await link.ask({ kind: 'hello', pid: process.pid }))
    const { site, parts } = this.#readied(handed)
    const errors = openErrorLog(site.log, { ...world, stderr: world.err })
    this.#errors = errors
    const mesh = await Mesh.join({
      folder,
      pid: process.pid,
      timers: world.timers,
      drop: (drop) => this.#server?.drop(drop) ?? 0,
      asked: (what) =>
        answerSuccessor(what, {
          listening: this.#listening.values(),
          retire: () => this.#stop.resolve(GRACE_MS),
        }),
      say: (line) => errors.tell('warning', line),
    })
    const { instance, processes, ticketKeys } = handed.order
    const server = startServer(site, {
      ...world,
      ...parts,
      tell: errors.tell,
      processes,
      instance,
      ticketKeys: Buffer.from(ticketKeys, 'base64'),
      hasHttp3: this.place === '0',
      siblings: mesh,
      localCertificate: () => localCertificate(stateFolder(), world.clock.nowMs()),
    })
    this.#server = server
    this.#listens(site, parts)
    link.tell({ kind: 'ready' })
    const telling = world.timers.every(FIGURES_MS, () => link.tell({ kind: 'figures', ...server.figures() }))
    const graceMs = await this.#stop.promise
    this.#listening = new Map()
    await server.drain(graceMs)
    telling.cancel()
    link.tell({ kind: 'figures', ...server.figures() })
    mesh.leave()
    link.close()
    await link.closed
    await errors.close()
  }

  #obeySignals(): void {
    process.on('SIGTERM', () => this.#stop.resolve(0))
    process.on('SIGINT', () => {
      if (this.#orphaned) this.#stop.resolve(0)
    })
    process.on('SIGUSR1', () => this.#reopenLogs())
    for (const signal of ['SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => this.#orphaned)
  }

  #reopenLogs(): void {
    this.#errors?.reopen()
    this.#server?.reopenLog()
  }

  #asked(question: EdgeQuestion): unknown {
    switch (question.kind) {
      case 'prepare':
        this.#prepared = this.#readied(readHanded(question))
        return null
      case 'commit': {
        const prepared = this.#prepared
        if (prepared === undefined) throw new Error('nothing was got ready')
        this.#prepared = undefined
        this.#server!.reload(prepared.site, prepared.parts)
        this.#listens(prepared.site, prepared.parts)
        return null
      }
      case 'figures':
        return this.#server?.figures()
      case 'purge': {
        const asked = readPurgeAsked(question.asked)
        if (asked === undefined || this.#server === undefined) throw new Error('cannot purge')
        return this.#server.purge(asked)
      }
      default:
        throw new Error('this version of the program does not understand its supervisor')
    }
  }

  #told(told: EdgeTold): void {
    switch (told.kind) {
      case 'abandon':
        for (const descriptor of this.#prepared?.parts.descriptors?.values() ?? []) closeSync(descriptor)
        this.#prepared = undefined
        return
      case 'reopen':
        this.#reopenLogs()
        return
      case 'retire':
        this.#stop.resolve(GRACE_MS)
    }
  }

  #listens({ listen }: Site, { descriptors }: SiteParts): void {
    const next = new Map<string, number>()
    for (const [place, address] of listen.entries()) {
      const before = listen.slice(0, place).filter((each) => isDeepStrictEqual(each, address)).length
      const key = `${address.hostname} ${address.port} ${before}`
      next.set(key, descriptors?.get(place) ?? this.#listening.get(key)!)
    }
    this.#listening = next
  }

  #readied({ order, descriptors }: Handed): Ready {
    const received = new Map(descriptors.map((place) => [place, receiveDescriptor(CHANNEL)]))
    try {
      const resolved = resolveSite(order.value, {
        folder: order.folder,
        fileExists: existsSync,
        readFile,
        nowMs: () => this.world.clock.nowMs(),
      })
      if (resolved.kind === 'wrong') throw new Error(resolved.problems.map(formatProblem).join('\n'))
      const site = { ...shareOfSite(resolved.site, order.processes), listen: order.listen }
      const php = new Map(order.php.map(([root, pool]) => [root, shareOfWorkers(pool, order.processes)]))
      const rates = order.rates === undefined ? undefined : Bun.mmap(order.rates, { shared: true })
      return { site, parts: { php, descriptors: received, rates } }
    } catch (error) {
      for (const descriptor of received.values()) closeSync(descriptor)
      throw error
    }
  }
}

/** More connections than workers would only wait, so each process has a share of them. */
function shareOfWorkers(pool: RunningPool, processes: number): RunningPool {
  if (pool.workersMax === undefined) return pool
  return { ...pool, workersMax: Math.max(1, Math.floor(pool.workersMax / processes)) }
}
