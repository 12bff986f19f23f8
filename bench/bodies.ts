// Large bodies and slow readers: how much memory a server holds for others. 1 GB down to a client that reads slowly,
// 1 GB up to an origin that reads slowly, and 100 clients that read one page of 10 MB slowly, which may be stored if the
// server stores pages of that size. Every body is checked by its
// CRC-32. One run each: memory is the figure, not time.
import { crc32 } from 'node:zlib'
import { ClientConnection, type Reading } from './client.ts'
import type { Bar, Bench, Comparison, Row } from './comparison.ts'
import { askForEveryPage } from './load.ts'
import { OriginProcess } from './origin-process.ts'
import { pageOf, patternBlock } from './page.ts'
import { myriad } from './peers/myriad.ts'
import { nginxTuned } from './peers/nginx-tuned.ts'
import { missing, RunningPeer, type Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { messageOf, ordinaryCrowd } from './visitors.ts'

export const largeBytes = 1024 ** 3
const mediumBytes = 10 * 1024 ** 2
const mediumPath = `/size/${mediumBytes}/1`
const slowMegabytesPerSecond = 200

interface BodyCase {
  readonly subject: string
  /** `growth`: the peak above what was resident before; `peak`: the peak itself. */
  readonly counts: 'growth' | 'peak'
  readonly bar: Bar
  run(port: number, origin: OriginProcess): Promise<void>
}

const cases: readonly BodyCase[] = [
  {
    subject: '1 GB down, slow client: memory grows by',
    counts: 'growth',
    bar: { is: 'at most', value: 64 },
    async run(port) {
      const reading = { bytesPerSecond: slowMegabytesPerSecond * 1e6, computesCrc: true }
      await download(port, `/stream/${largeBytes}`, reading, crcOfPattern(largeBytes))
    },
  },
  {
    subject: '1 GB up, slow origin: memory grows by',
    counts: 'growth',
    bar: { is: 'at most', value: 64 },
    run: upload,
  },
  {
    subject: '100 slow clients on 10 MB each: resident memory',
    counts: 'peak',
    bar: { is: 'at most', value: 200 },
    async run(port) {
      const expected = crc32(pageOf(mediumPath, mediumBytes))
      await download(port, mediumPath, { computesCrc: true }, expected)
      const reading = { bytesPerSecond: 1.5e6, computesCrc: true }
      await Promise.all(Array.from({ length: 100 }, () => download(port, mediumPath, reading, expected)))
    },
  },
]

export const bodies: Comparison = {
  name: 'bodies',
  sentence: 'Memory held for 1 GB bodies and for 100 slow readers',
  async run(bench) {
    const reason = missing(myriad)
    if (reason !== undefined) return [{ kind: 'skipped', subject: 'bodies', against: '', reason }]
    using folder = await TemporaryFolder.create()
    await using origin = await OriginProcess.start(folder.path)
    const rows: Row[] = []
    for (const body of cases) rows.push(await oneCase(bench, body, origin))
    return rows
  },
}

async function oneCase(bench: Bench, body: BodyCase, origin: OriginProcess): Promise<Row> {
  try {
    const ours = [await megabytesHeld(bench, myriad, body, origin)]
    const peers = missing(nginxTuned) === undefined ? [nginxTuned] : []
    const theirs: { name: string; values: number[] }[] = []
    for (const peer of peers) {
      theirs.push({ name: peer.name, values: [await megabytesHeld(bench, peer, body, origin)] })
    }
    return { kind: 'figure', subject: body.subject, unit: 'MB', ours, theirs, bar: body.bar }
  } catch (error) {
    return { kind: 'failed', subject: body.subject, against: '', reason: String(error) }
  }
}

async function megabytesHeld(
  bench: Bench,
  peer: Peer,
  body: BodyCase,
  origin: OriginProcess,
): Promise<number> {
  await using server = await RunningPeer.start(peer, origin.port)
  // A server that has worked before: what its first pages cost is not what the large body costs.
  await askForEveryPage(server.port, { ...ordinaryCrowd, pages: 1000 })
  const before = server.process.rssBytes()
  server.process.forgetPeak()
  await body.run(server.port, origin)
  const peak = server.process.peakRssBytes()
  bench.progress(`${body.subject}: ${peer.name} from ${megabytes(before)} to ${megabytes(peak)} MB`)
  return body.counts === 'growth' ? (peak - before) / 1e6 : peak / 1e6
}

async function download(port: number, path: string, reading: Reading, crc: number): Promise<void> {
  const connection = await ClientConnection.open(port, reading)
  const answer = await connection.ask(Buffer.from(messageOf(path), 'latin1'))
  connection.close()
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`)
  if (answer.crc !== crc) throw new Error(`${path} arrived damaged (${answer.bytes} bytes)`)
}

async function upload(port: number, origin: OriginProcess): Promise<void> {
  await uploadLarge(port, `/upload/${slowMegabytesPerSecond}`)
  const { uploadedBytes, uploadedCrc } = await origin.counters()
  if (uploadedBytes !== largeBytes || uploadedCrc !== crcOfPattern(largeBytes)) {
    throw new Error(`the upload arrived damaged (${uploadedBytes} bytes)`)
  }
}

/** Sends `largeBytes`; they must be answered with 200, and not before all of them have gone. */
export async function uploadLarge(port: number, target: string): Promise<void> {
  const connection = await ClientConnection.open(port)
  const line = `POST ${target} HTTP/1.1`
  const head = [line, 'Host: www.example.org', `Content-Length: ${largeBytes}`, '', ''].join('\r\n')
  const answered = connection.ask(Buffer.from(head, 'latin1'))
  const block = Buffer.from(patternBlock)
  const sent = (async () => {
    for (let left = largeBytes; left > 0; left -= block.length) await connection.send(block)
  })()
  // An answer that comes before the body has gone is a refusal.
  const answer = await answered
  await sent
  connection.close()
  if (answer.status !== 200) throw new Error(`the upload was answered with ${answer.status}`)
}

export function crcOfPattern(bytes: number): number {
  let crc = 0
  for (let left = bytes; left > 0; left -= patternBlock.length) crc = crc32(patternBlock, crc)
  return crc
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
