// Resident memory of a filled memory store against its budget. Each case runs in a process of its own, with the settings
// of collector and allocator that bin/myriad makes: it fills the store, then replaces the contents several times over while
// pages are asked for by popularity. Measured: how far resident memory rises above that of the empty process, and how
// long the event loop is held up at worst.
//
// Bodies come as the network brings them, in pieces that are joined when complete and freed then, at up to 100 MB a
// second. A stored response has what the engine keeps: the fields as they came and as they go out, and its bytes; one in
// a hundred is held by a slow reader for a while after it has left the store.
//
// `bun bench/memory-budget.ts NAME` is what each case starts.
import { join } from 'node:path'
import { Fields } from '../src/http/fields.ts'
import { free } from '../src/base/free.ts'
import { bufferBytes, fieldsHeapBytes, storedBytesHeapBytes } from '../src/store/memory/cost.ts'
import { MemoryStore } from '../src/store/memory/memory.ts'
import { StoredBytes } from '../src/store/memory/stored-bytes.ts'
import type { Comparison, FigureRow, Row } from './comparison.ts'
import { pause } from './wait.ts'
import { seededRandom, zipf } from './zipf.ts'

const megabyte = 1024 * 1024

interface Case {
  readonly name: string
  readonly budgetBytes: number
  readonly bodyBytesMin: number
  readonly bodyBytesMax: number
  /** How often bodies of the budget's size come in after the store is full. */
  readonly turnovers: number
}

const cases: readonly Case[] = [
  { name: '8 KB', budgetBytes: 128 * megabyte, bodyBytesMin: 8192, bodyBytesMax: 8192, turnovers: 5 },
  { name: '100 KB', budgetBytes: 128 * megabyte, bodyBytesMin: 102_400, bodyBytesMax: 102_400, turnovers: 5 },
  {
    name: '1 KB to 1 MB',
    budgetBytes: 128 * megabyte,
    bodyBytesMin: 1024,
    bodyBytesMax: megabyte,
    turnovers: 5,
  },
  { name: '1 KB', budgetBytes: 128 * megabyte, bodyBytesMin: 1024, bodyBytesMax: 1024, turnovers: 5 },
  {
    name: '8 KB in 1 GB',
    budgetBytes: 1024 * megabyte,
    bodyBytesMin: 8192,
    bodyBytesMax: 8192,
    turnovers: 1,
  },
  {
    name: '500,000 of 1 KB',
    budgetBytes: 2700 * megabyte,
    bodyBytesMin: 1024,
    bodyBytesMax: 1024,
    turnovers: 0.1,
  },
]

/** The rate at which bodies come, unless the machine is slower. */
const bytesPerMs = (100 * megabyte) / 1000

interface Outcome {
  readonly entries: number
  /** Resident memory over the budget: when the store is full for the first time, and the most after that. */
  readonly filledShare: number
  readonly peakShare: number
  /** The longest that 16 requests in a row took, collections included. */
  readonly stallMsMax: number
}

interface Page {
  readonly received: Fields
  readonly sent: Fields
  readonly body: StoredBytes
}

const names = [
  'Content-Type',
  'Content-Length',
  'Date',
  'ETag',
  'Last-Modified',
  'Cache-Control',
  'Vary',
  'Server',
]

/** Fields whose values are strings of their own, as those of a parsed head are. */
function fieldsOf(seed: number): Fields {
  const fields = new Fields()
  for (const name of names) fields.append(name, Buffer.from(`value ${seed} of ${name}`).toString('latin1'))
  return fields
}

/** Joins what the network brings in pieces of up to 64 KB. */
function receive(length: number, fill: number): StoredBytes {
  const whole = Buffer.allocUnsafeSlow(length)
  for (let at = 0; at < length; at += 65_536) {
    const piece = Buffer.allocUnsafeSlow(Math.min(65_536, length - at)).fill(fill)
    whole.set(piece, at)
    free(piece)
  }
  return new StoredBytes(whole)
}

/** A store whose pages are let go as the engine does it. */
function storeOf(budgetBytes: number, random: () => number): MemoryStore<Page> {
  const held: StoredBytes[] = []
  return new MemoryStore<Page>({
    budgetBytes,
    leave({ body }) {
      if (random() < 0.01) {
        body.hold()
        held.push(body)
        if (held.length > 20) held.shift()!.release()
      }
      body.leave()
    },
  })
}

async function runCase({ budgetBytes, bodyBytesMin, bodyBytesMax, turnovers }: Case): Promise<Outcome> {
  const random = seededRandom(1)
  const store = storeOf(budgetBytes, random)
  const spread = bodyBytesMax / bodyBytesMin
  const meanBytes = spread === 1 ? bodyBytesMin : (bodyBytesMax - bodyBytesMin) / Math.log(spread)
  const draw = zipf(Math.ceil((4 * budgetBytes) / meanBytes), 0.6, random)
  Bun.gc(true)
  const emptyBytes = process.memoryUsage.rss()
  const shareNow = () => (process.memoryUsage.rss() - emptyBytes) / budgetBytes
  let storedBytes = 0
  let fullAtBytes = Number.POSITIVE_INFINITY
  let [filledShare, peakShare, stallMsMax] = [0, 0, 0]
  const startMs = performance.now()
  while (storedBytes < fullAtBytes + turnovers * budgetBytes) {
    const turnMs = performance.now()
    for (let i = 0; i < 16; i++) {
      const rank = draw()
      const key = Buffer.from(`http://www.example.com/some/page/${rank}`).toString('latin1')
      if (store.get(key) !== undefined) continue
      // Sizes are spread evenly over their orders of magnitude, and a page has the same size each time.
      const length = Math.round(bodyBytesMin * spread ** ((rank * 0.618_034) % 1))
      const page = { received: fieldsOf(rank), sent: fieldsOf(rank), body: receive(length, rank) }
      const heapBytes = fieldsHeapBytes(page.received) + fieldsHeapBytes(page.sent) + storedBytesHeapBytes
      store.put(key, page, { bufferBytes: bufferBytes(length), heapBytes })
      storedBytes += length
    }
    stallMsMax = Math.max(stallMsMax, performance.now() - turnMs)
    if (store.evictions === 0) filledShare = shareNow()
    else {
      if (fullAtBytes === Number.POSITIVE_INFINITY) fullAtBytes = storedBytes
      peakShare = Math.max(peakShare, shareNow())
    }
    await pause(Math.max(0, storedBytes / bytesPerMs - (performance.now() - startMs)))
  }
  return { entries: store.size, filledShare, peakShare, stallMsMax }
}

/** The settings of the garbage collector and the allocator in bin/myriad. */
async function memorySettings(): Promise<Record<string, string>> {
  const launcher = await Bun.file(join(import.meta.dir, '../bin/myriad')).text()
  const settings = launcher.matchAll(/^(?:export )?((?:BUN|MIMALLOC)_\w+)="\$\{\w+:-([^}]+)\}"$/gm)
  return Object.fromEntries([...settings].map(([, name = '', value = '']) => [name, value]))
}

async function measure({ name }: Case, settings: Record<string, string>): Promise<Outcome> {
  const child = Bun.spawn([process.execPath, import.meta.path, name], {
    env: { ...process.env, ...settings },
  })
  const [output, status] = await Promise.all([child.stdout.text(), child.exited])
  if (status !== 0) throw new Error(`the process of the case ${name} ended with status ${status}`)
  return JSON.parse(output) as Outcome
}

const row = (subject: string, unit: string, value: number): FigureRow => ({
  kind: 'figure',
  subject,
  unit,
  ours: [value],
  theirs: [],
})

export const memoryBudget: Comparison = {
  name: 'memory-budget',
  sentence: 'Resident memory against the budget of the memory tier, filled and replaced several times over.',
  async run(bench) {
    const settings = await memorySettings()
    const rows: Row[] = []
    for (const each of cases) {
      const { entries, filledShare, peakShare, stallMsMax } = await measure(each, settings)
      bench.progress(
        `${each.name}: ${entries} entries, ${filledShare.toFixed(3)} filled, ${peakShare.toFixed(3)} at most`,
      )
      const bar = { is: 'at most', value: 1.15 } as const
      rows.push({ ...row(`pages of ${each.name}, most resident memory`, 'of the budget', peakShare), bar })
      rows.push(row(`pages of ${each.name}, longest stop of the event loop`, 'ms', stallMsMax))
    }
    return rows
  },
}

if (import.meta.main) {
  const chosen = cases.find(({ name }) => name === process.argv[2])
  if (!chosen)
    throw new Error(`usage: bun bench/memory-budget.ts ${cases.map(({ name }) => `'${name}'`).join(' | ')}`)
  console.log(JSON.stringify(await runCase(chosen)))
}
