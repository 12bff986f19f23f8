// Throughput against a peer: the same crowd of visitors through both, in alternating pairs of runs on the same core.
// The figure that counts is requests per CPU-second of the server's whole process tree; requests per second depend on
// how much of the other core the load generator and the origin leave for each other.
//
// A run in which the origin was asked more or less often than the crowd warrants is not valid: a cache that forwards
// some of its hits would be measured as slow, and one that answers what must not be stored as fast.
import { ClientConnection } from './client.ts'
import { figureOf, type Bar, type Bench, type Figures, type Row } from './comparison.ts'
import { OriginProcess } from './origin-process.ts'
import { inPairs, measured, orFailed } from './pairs.ts'
import { myriad } from './peers/myriad.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { everyPage, messageOf, requestsOf, type Crowd } from './visitors.ts'
import { runWrk, writeScript } from './wrk.ts'

/** A crowd, and who is to be compared under it. */
export interface LoadCase {
  readonly subject: string
  readonly crowd: Crowd
  readonly connections: number
  /** `all`: after the warm-up no request may reach the origin; `none`: every request must. */
  readonly hits: 'all' | 'none'
  /** Every Accept-Encoding of the crowd must get a compressed page. */
  readonly coded?: boolean
  readonly peers: readonly { readonly peer: Peer; readonly bar?: Bar }[]
  /** Who is compared with them; Myriad as its users run it when absent. */
  readonly ours?: Peer
  /** Another site than the HTTP origin of most comparisons, which is started for each. */
  readonly site?: Site
}

/** An origin that its owner has started, and Myriad in front of it. */
export interface Site {
  readonly origin: CountingOrigin
  readonly ours: Peer
}

/** An origin that counts what it is asked for. */
export interface CountingOrigin {
  counters(): Promise<{ readonly requests: number }>
}

/** How many requests are made beforehand; the generator starts again after the last. */
const preparedRequests = 100_000

/** The share of requests in a run that may reach the origin otherwise than they should. */
const toleratedShare = 0.001

/**
 * How often all pages are asked for until each of a server's caches has them. The kernel deals connections out by chance: with
 * two caches a page is missing in one of them after `n` times with a probability of 2^(1 - n).
 */
const fillingsMax = 50

/** Runs a case against all of its peers, one after the other. */
export async function compareLoad(bench: Bench, load: LoadCase): Promise<Row[]> {
  using folder = await TemporaryFolder.create()
  const script = await writeScript(folder.path, requestsOf(load.crowd, preparedRequests))
  const rows: Row[] = []
  if (load.site) {
    for (const { peer, bar } of load.peers)
      rows.push(await compareWith(bench, load, { script, originPort: 0, ...load.site, peer, bar }))
    return rows
  }
  await using origin = await OriginProcess.start(folder.path)
  for (const { peer, bar } of load.peers)
    rows.push(
      await compareWith(bench, load, {
        script,
        origin,
        originPort: origin.port,
        ours: load.ours ?? myriad,
        peer,
        bar,
      }),
    )
  return rows
}

interface Setting {
  readonly script: string
  readonly origin: CountingOrigin
  /** For those who reach the origin by a port. */
  readonly originPort: number
  readonly ours: Peer
  readonly peer: Peer
  readonly bar: Bar | undefined
}

async function compareWith(bench: Bench, load: LoadCase, setting: Setting): Promise<Row> {
  const { peer, ours: own, origin, originPort, script, bar } = setting
  const about = { subject: load.subject, against: peer.name }
  const reason = missing(peer) ?? missing(own)
  if (reason !== undefined) return { kind: 'skipped', ...about, reason }
  return await orFailed(about, async () => {
    await using theirs = await RunningPeer.start(peer, originPort)
    await using ours = await RunningPeer.start(own, originPort)
    for (const server of [theirs, ours]) {
      if (load.hits === 'all') await fill(server, load.crowd, origin)
      if (load.coded) await assertCoded(server, load.crowd)
      await server.peer.prove?.(server)
      await runWrk(server.port, script, load.connections, bench.warmupSeconds)
    }
    return await inPairs(bench, { ...about, what: 'requests', bar }, [theirs, ours], (server) =>
      withOriginCounted(server, origin, load, () =>
        measured(server, 'requests', bench.seconds, async () => ({
          ...(await runWrk(server.port, script, load.connections, bench.seconds)),
        })),
      ),
    )
  })
}

/** A run, and how often the origin was asked meanwhile; throws when that was not as often as the crowd warrants. */
export async function withOriginCounted(
  { peer }: RunningPeer,
  origin: CountingOrigin,
  { hits, connections }: Pick<LoadCase, 'hits' | 'connections'>,
  run: () => Promise<Figures>,
): Promise<Figures> {
  const askedBefore = (await origin.counters()).requests
  const figures = await run()
  const originRequests = (await origin.counters()).requests - askedBefore
  const requests = figureOf(figures, 'requests')
  const expected = hits === 'all' ? 0 : requests
  // What is in flight when the run ends has been seen by the origin and not by the generator.
  const tolerated = requests * toleratedShare + (hits === 'all' ? 0 : 2 * connections)
  if (Math.abs(originRequests - expected) > tolerated)
    throw new Error(`${peer.name}: ${originRequests} of ${requests} requests reached the origin`)
  return { ...figures, originRequests }
}

/** Asks a server that has just been started for every page until each of its caches has it. */
export async function fill(server: RunningPeer, crowd: Crowd, origin: CountingOrigin): Promise<void> {
  const { name, caches = 1, scheme } = server.peer
  const askedBefore = (await origin.counters()).requests
  const fetched = async (): Promise<number> => (await origin.counters()).requests - askedBefore
  let fillings = 0
  do {
    if (fillings++ === fillingsMax)
      throw new Error(`${name}: of ${caches} times ${crowd.pages} pages only ${await fetched()} were fetched`)
    await askForEveryPage(server.port, crowd, scheme)
  } while ((await fetched()) < caches * crowd.pages)
}

/** Asks for every page of a crowd once, over a few connections. */
export async function askForEveryPage(
  port: number,
  crowd: Crowd,
  scheme: 'http' | 'https' = 'http',
): Promise<void> {
  const messages = everyPage(crowd)
  let next = 0
  const visitor = async (): Promise<void> => {
    while (next < messages.length) {
      const connection = await ClientConnection.open(port, {}, scheme)
      // nginx as packaged closes a connection after 1,000 requests.
      for (let asked = 0; asked < 500 && next < messages.length; asked++) {
        const { status } = await connection.ask(Buffer.from(messages[next++]!, 'latin1'))
        if (status !== 200) throw new Error(`a page was answered with ${status} while the cache was filled`)
      }
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: 16 }, visitor))
}

async function assertCoded(server: RunningPeer, crowd: Crowd): Promise<void> {
  for (const encoding of crowd.encodings) {
    const connection = await ClientConnection.open(server.port)
    const { coding } = await connection.ask(
      Buffer.from(messageOf(crowd.path(0), [`Accept-Encoding: ${encoding}`]), 'latin1'),
    )
    connection.close()
    if (coding === 'identity') throw new Error(`${server.peer.name} did not compress for ${encoding}`)
  }
}
