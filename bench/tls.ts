// TLS: hits of 8 KB over HTTP/2 and over HTTP/1.1, and new connections, against nginx tuned, both with the same
// certificate. The pages are asked for by Zipf; every request carries the fields of one browser.
import { ratioRow, type Bar, type Bench, type Comparison, type Figures, type Row } from './comparison.ts'
import { runH2Load, writePaths, type H2Load } from './h2load.ts'
import { OriginProcess } from './origin-process.ts'
import { myriadTls } from './peers/myriad.ts'
import { nginxTunedTls } from './peers/nginx-tuned.ts'
import { missing, RunningPeer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd } from './visitors.ts'
import { seededRandom, zipf } from './zipf.ts'

const fields = [
  'user-agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language: de-DE,de;q=0.9,en;q=0.7',
  'cookie: _ga=GA1.1.123456789.1700000000',
]

interface Case {
  readonly subject: string
  readonly load: H2Load
  readonly bar: Bar
}

const cases: readonly Case[] = [
  {
    subject: 'TLS, hits of 8 KB, HTTP/2',
    load: { protocol: 'h2', connections: 64, streams: 8, fields },
    bar: { is: 'at least', value: 2 },
  },
  {
    subject: 'TLS, hits of 8 KB, HTTP/1.1',
    load: { protocol: 'http/1.1', connections: 64, streams: 1, fields },
    bar: { is: 'at least', value: 1.3 },
  },
]

/** How many paths are made beforehand. */
const preparedPaths = 50_000
/** Programs that make new connections, one after the other. */
const connecting = 4

export const tls: Comparison = {
  name: 'tls',
  sentence: 'TLS: cached pages of 8 KB over HTTP/2 and HTTP/1.1, and new connections',
  async run(bench) {
    const against = nginxTunedTls.name
    const reason =
      missing(nginxTunedTls) ??
      missing(myriadTls) ??
      (Bun.which('h2load') === null ? 'h2load is not installed' : undefined)
    if (reason !== undefined) return [{ kind: 'skipped', subject: 'TLS', against, reason }]
    using folder = await TemporaryFolder.create()
    const page = zipf(ordinaryCrowd.pages, 1, seededRandom(20260501))
    const paths = Array.from({ length: preparedPaths }, () => ordinaryCrowd.path(page()))
    const list = await writePaths(folder.path, paths)
    await using origin = await OriginProcess.start(folder.path)
    await using theirs = await RunningPeer.start(nginxTunedTls, origin.port)
    await using ours = await RunningPeer.start(myriadTls, origin.port)
    const rows: Row[] = []
    for (const one of cases) rows.push(await compareHits(bench, one, list, theirs, ours))
    rows.push(await compareHandshakes(bench, theirs, ours))
    return rows
  },
}

async function compareHits(
  bench: Bench,
  { subject, load, bar }: Case,
  list: string,
  theirs: RunningPeer,
  ours: RunningPeer,
): Promise<Row> {
  for (const server of [theirs, ours]) await runH2Load(server.port, list, load, bench.warmupSeconds)
  const once = (server: RunningPeer): Promise<Figures> =>
    measured(server, bench.seconds, async () => {
      const run = await runH2Load(server.port, list, load, bench.seconds)
      if (run.errors > 0)
        throw new Error(`${server.peer.name}: ${run.errors} errors in ${run.requests} requests`)
      return run.requests
    })
  const about = { subject, against: theirs.peer.name, bar, unit: 'requests per CPU-second' }
  return inPairs(
    bench,
    about,
    () => once(theirs),
    () => once(ours),
  )
}

/** Whole handshakes, none resumed. */
async function compareHandshakes(bench: Bench, theirs: RunningPeer, ours: RunningPeer): Promise<Row> {
  const once = (server: RunningPeer): Promise<Figures> =>
    measured(server, bench.seconds, async () => {
      const programs = Array.from({ length: connecting }, async () => {
        const command = [
          'openssl',
          's_time',
          '-connect',
          `127.0.0.1:${server.port}`,
          '-new',
          '-time',
          String(bench.seconds),
        ]
        const child = Bun.spawn(command, { stderr: 'ignore' })
        const output = await child.stdout.text()
        return Number(/(\d+) connections in \d+ real seconds/.exec(output)?.[1] ?? 0)
      })
      return (await Promise.all(programs)).reduce((sum, count) => sum + count, 0)
    })
  const bar: Bar = { is: 'at least', value: 0.8 }
  const about = {
    subject: 'TLS, new connections',
    against: theirs.peer.name,
    bar,
    unit: 'handshakes per CPU-second',
  }
  return inPairs(
    bench,
    about,
    () => once(theirs),
    () => once(ours),
  )
}

async function measured(server: RunningPeer, seconds: number, load: () => Promise<number>): Promise<Figures> {
  const before = server.process.cpuSeconds()
  const count = await load()
  if (count === 0) throw new Error(`${server.peer.name} answered nothing`)
  const cpuSeconds = server.process.cpuSeconds() - before
  return {
    perCpuSecond: count / cpuSeconds,
    perSecond: count / seconds,
    cpuSeconds,
    count,
    residentBytes: server.process.rssBytes(),
  }
}

async function inPairs(
  bench: Bench,
  about: { readonly subject: string; readonly against: string; readonly unit: string; readonly bar: Bar },
  theirs: () => Promise<Figures>,
  ours: () => Promise<Figures>,
): Promise<Row> {
  try {
    const runs: { theirs: Figures; ours: Figures }[] = []
    for (let pair = 1; pair <= bench.pairs; pair++) {
      const run = { theirs: await theirs(), ours: await ours() }
      runs.push(run)
      const said = [run.theirs, run.ours].map((each) =>
        Math.round(each['perCpuSecond']!).toLocaleString('en'),
      )
      bench.progress(
        `${about.subject}, pair ${pair}: ${about.against} ${said[0]}, Myriad ${said[1]} per CPU-second`,
      )
    }
    return ratioRow({ ...about, figure: 'perCpuSecond', beside: 'perSecond' }, runs)
  } catch (error) {
    return { kind: 'failed', subject: about.subject, against: about.against, reason: String(error) }
  }
}
