// Hits of 8 KB over TLS: h2load against two servers that show the same certificate. The pages are asked for by Zipf; every
// request carries the fields of one browser.
import type { Bar, Bench, Row } from './comparison.ts'
import { runH2Load, writePaths, type H2Load } from './h2load.ts'
import { fill, withOriginCounted, type CountingOrigin } from './load.ts'
import { OriginProcess } from './origin-process.ts'
import { inPairs, measured, orFailed } from './pairs.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd, siteName } from './visitors.ts'
import { seededRandom, zipf } from './zipf.ts'

const connections = 64
/** Requests that a connection has under way at once. */
const streams: Record<H2Load['protocol'], number> = { h2: 8, 'http/1.1': 1 }
const fields = [
  `:authority: ${siteName}`,
  'user-agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language: de-DE,de;q=0.9,en;q=0.7',
  'cookie: _ga=GA1.1.123456789.1700000000',
]

/** How many paths are made beforehand. */
const preparedPaths = 50_000

/** Two servers that run with every page in their caches, and who asks them for what. */
export interface TlsServers {
  readonly theirs: RunningPeer
  readonly ours: RunningPeer
  readonly origin: CountingOrigin
  /** The file of paths that are asked for. */
  readonly list: string
}

/** Starts both for `compare`, and ends them afterwards. */
export async function overTls(
  theirs: Peer,
  ours: Peer,
  compare: (servers: TlsServers) => Promise<Row[]>,
): Promise<Row[]> {
  const reason =
    missing(theirs) ?? missing(ours) ?? (Bun.which('h2load') === null ? 'h2load is not installed' : undefined)
  if (reason !== undefined) return [{ kind: 'skipped', subject: 'TLS', against: theirs.name, reason }]
  using folder = await TemporaryFolder.create()
  const page = zipf(ordinaryCrowd.pages, 1, seededRandom(20260501))
  const paths = Array.from({ length: preparedPaths }, () => ordinaryCrowd.path(page()))
  const list = await writePaths(folder.path, paths)
  await using origin = await OriginProcess.start(folder.path)
  await using their = await RunningPeer.start(theirs, origin.port)
  await using own = await RunningPeer.start(ours, origin.port)
  for (const server of [their, own]) {
    await fill(server, ordinaryCrowd, origin)
    await server.peer.prove?.(server)
  }
  return await compare({ theirs: their, ours: own, origin, list })
}

/** Hits in one protocol. */
export async function compareTlsHits(
  bench: Bench,
  { subject, protocol, bar }: { subject: string; protocol: H2Load['protocol']; bar: Bar },
  { theirs, ours, origin, list }: TlsServers,
): Promise<Row> {
  const load = { protocol, connections, streams: streams[protocol], fields }
  const about = { subject, against: theirs.peer.name, what: 'requests', bar }
  const once = (server: RunningPeer) =>
    withOriginCounted(server, origin, { hits: 'all', connections }, () =>
      measured(server, 'requests', bench.seconds, () => runH2Load(server.port, list, load, bench.seconds)),
    )
  return await orFailed(about, async () => {
    for (const server of [theirs, ours]) await runH2Load(server.port, list, load, bench.warmupSeconds)
    return await inPairs(bench, about, [theirs, ours], once)
  })
}
