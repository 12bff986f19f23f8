// Files of a folder, against nginx's sendfile: requests per CPU-second for files of one size, all of them in the page cache.
// And what a large file and many slow readers of files hold in memory; these have one run each.
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ClientConnection, type Reading } from './client.ts'
import { ratioRow, type Bar, type Bench, type Comparison, type Figures, type Row } from './comparison.ts'
import { patternBlock } from './page.ts'
import { myriadFiles } from './peers/myriad.ts'
import { nginxFiles } from './peers/nginx-files.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { messageOf, ordinaryCrowd, requestsOf } from './visitors.ts'
import { runWrk, writeScript } from './wrk.ts'

interface Size {
  readonly label: string
  readonly bytes: number
  readonly files: number
  readonly connections: number
  readonly bar?: Bar
}

const bar: Bar = { is: 'at least', value: 0.9 }

const sizes: readonly Size[] = [
  { label: '8 KB', bytes: 8 << 10, files: 1000, connections: 64 },
  { label: '100 KB', bytes: 100 << 10, files: 400, connections: 64, bar },
  { label: '10 MB', bytes: 10 << 20, files: 10, connections: 16, bar },
]

const hugeBytes = 1024 ** 3
const hugePath = '/huge.jpg'

/** How many requests are made beforehand; the generator starts again after the last. */
const preparedRequests = 20_000

export const files: Comparison = {
  name: 'files',
  sentence:
    'Files of 8 KB, 100 KB and 10 MB from a folder; memory held for a file of 1 GB and for 100 slow readers',
  async run(bench) {
    using folder = await TemporaryFolder.create()
    const site = join(folder.path, 'site')
    plant(site)
    const ours = myriadFiles(site)
    const rows: Row[] = []
    for (const size of sizes) {
      const requests = requestsOf(
        { ...ordinaryCrowd, pages: size.files, path: pathOf(size), revisits: 0 },
        preparedRequests,
      )
      const script = await writeScript(folder.path, requests)
      for (const theirs of [nginxFiles(site, 'on'), nginxFiles(site, 'off')])
        rows.push(await compared(bench, size, script, ours, theirs))
    }
    rows.push(...(await memoryRows(bench, ours, nginxFiles(site, 'on'))))
    return rows
  },
}

const pathOf =
  ({ bytes }: Size) =>
  (n: number): string =>
    `/${bytes}/${n}.jpg`

function plant(site: string): void {
  mkdirSync(join(site, '-'), { recursive: true })
  writeFileSync(join(site, '-/ready'), 'ready')
  for (const size of sizes) {
    mkdirSync(join(site, String(size.bytes)))
    const content = Buffer.alloc(size.bytes, patternBlock)
    for (let n = 0; n < size.files; n++) writeFileSync(join(site, pathOf(size)(n)), content)
  }
  writeFileSync(join(site, hugePath), '')
  truncateSync(join(site, hugePath), hugeBytes)
}

async function compared(bench: Bench, size: Size, script: string, ours: Peer, theirs: Peer): Promise<Row> {
  const about = { subject: `files, ${size.label}`, against: theirs.name }
  const reason = missing(theirs) ?? missing(ours)
  if (reason !== undefined) return { kind: 'skipped', ...about, reason }
  try {
    await using peer = await RunningPeer.start(theirs, 0)
    await using myriad = await RunningPeer.start(ours, 0)
    for (const server of [peer, myriad])
      await runWrk(server.port, script, size.connections, bench.warmupSeconds)
    const runs: { theirs: Figures; ours: Figures }[] = []
    for (let pair = 1; pair <= bench.pairs; pair++) {
      const run = {
        theirs: await oneRun(bench, size, peer, script),
        ours: await oneRun(bench, size, myriad, script),
      }
      runs.push(run)
      const said = [run.theirs, run.ours].map(({ perCpuSecond }) =>
        Math.round(perCpuSecond!).toLocaleString('en'),
      )
      bench.progress(
        `${about.subject}, pair ${pair}: ${theirs.name} ${said[0]}, Myriad ${said[1]} per CPU-second`,
      )
    }
    const figure = { figure: 'perCpuSecond', beside: 'perSecond', unit: 'requests per CPU-second' }
    return ratioRow({ ...about, ...figure, ...(size.bar && { bar: size.bar }) }, runs)
  } catch (error) {
    return { kind: 'failed', ...about, reason: String(error) }
  }
}

async function oneRun(bench: Bench, size: Size, server: RunningPeer, script: string): Promise<Figures> {
  const cpuBefore = server.process.cpuSeconds()
  const run = await runWrk(server.port, script, size.connections, bench.seconds)
  const cpuSeconds = server.process.cpuSeconds() - cpuBefore
  if (run.errors > 0 || run.requests === 0)
    throw new Error(`${server.peer.name}: ${run.errors} errors in ${run.requests} requests`)
  // The last answers may be on their way when the run ends, and their heads are counted, too.
  const shortBytes = run.requests * size.bytes - run.bytes
  if (shortBytes > 0) throw new Error(`${server.peer.name}: answers are ${shortBytes} bytes short`)
  return {
    perCpuSecond: run.requests / cpuSeconds,
    perSecond: run.requests / run.seconds,
    cpuSeconds,
    ...run,
    residentBytes: server.process.rssBytes(),
  }
}

async function memoryRows(bench: Bench, ours: Peer, theirs: Peer): Promise<Row[]> {
  const medium = sizes.at(-1)!
  const cases = [
    {
      subject: '1 GB file, slow client: memory grows by',
      run: (port: number) =>
        download(port, hugePath, { bytesPerSecond: 200e6, computesCrc: true }, crcOfHuge()),
    },
    {
      subject: '100 slow clients on a 10 MB file each: memory grows by',
      run: (port: number) => {
        const crc = crc32(Buffer.alloc(medium.bytes, patternBlock))
        const reading = { bytesPerSecond: 1.5e6, computesCrc: true }
        const paths = Array.from({ length: 100 }, (_, n) => pathOf(medium)(n % medium.files))
        return Promise.all(paths.map((path) => download(port, path, reading, crc)))
      },
    },
  ]
  const rows: Row[] = []
  for (const { subject, run } of cases) {
    try {
      const grown: number[] = []
      for (const peer of [ours, theirs]) {
        if (missing(peer) !== undefined) continue
        await using server = await RunningPeer.start(peer, 0)
        // A server that has worked before: what its first answers cost is not what the large file costs.
        for (let n = 0; n < 100; n++) await download(server.port, pathOf(medium)(n % 2))
        const before = server.process.rssBytes()
        server.process.forgetPeak()
        await run(server.port)
        grown.push((server.process.peakRssBytes() - before) / 1e6)
        bench.progress(`${subject}: ${peer.name} ${grown.at(-1)!.toFixed(1)} MB`)
      }
      const [own, ...others] = grown
      const peers = others.map((value) => ({ name: theirs.name, values: [value] }))
      rows.push({
        kind: 'figure',
        subject,
        unit: 'MB',
        ours: [own!],
        theirs: peers,
        bar: { is: 'at most', value: 64 },
      })
    } catch (error) {
      rows.push({ kind: 'failed', subject, against: '', reason: String(error) })
    }
  }
  return rows
}

async function download(port: number, path: string, reading: Reading = {}, crc?: number): Promise<void> {
  const connection = await ClientConnection.open(port, reading)
  const answer = await connection.ask(Buffer.from(messageOf(path), 'latin1'))
  connection.close()
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`)
  if (crc !== undefined && answer.crc !== crc)
    throw new Error(`${path} arrived damaged (${answer.bytes} bytes)`)
}

function crcOfHuge(): number {
  const zeros = Buffer.alloc(1 << 20)
  let crc = 0
  for (let left = hugeBytes; left > 0; left -= zeros.length) crc = crc32(zeros, crc)
  return crc
}
