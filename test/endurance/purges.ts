// Purges, by command and by the PURGE method, and what an unsafe method invalidates, over several processes: nobody who asks
// after it was answered gets what was before. Readers go on asking meanwhile, and the application is slow to answer what it
// has made up already, so that old editions are on their way at every purge.
import { RawClient } from '../../testing/raw-client.ts'
import { patienceMs } from './load/http1-visitors.ts'
import { clientPortsOf } from './processes.ts'
import { Rig } from './rig.ts'
import type { Finding, Trial } from './trial.ts'

const path = '/edition/1'
const readsOfRound = 10_000
const readersOfProcess = 8
const readersMax = 512
/** The application's answers are late by up to so much. */
const lateMsMax = 20
const ways = ['PURGE', 'POST', 'command'] as const

interface Reader {
  readonly client: RawClient
  /** The process that has accepted it. */
  readonly pid: number
}

export const purges: Trial = {
  name: 'purges',
  sentence: 'reads over all processes after a purge, and after a write: none is the old page',
  times: 20,
  async run(bench, times) {
    await using rig = await Rig.start({ ...bench, protocols: ['http1'] }, 4)
    const readers = await readersOfAll(rig)
    const reads = new Reads()
    for (let n = 0; n < times; n++) {
      const wanted = n + 1
      reads.round()
      const going = { is: true }
      const reading = readers.map((reader) => reads.go(reader, going))
      await emptied(rig, ways[n % ways.length]!, reads, wanted)
      // Readers end by themselves when they fail.
      await Promise.race([reads.until(readsOfRound), Promise.all(reading)])
      going.is = false
      await Promise.all(reading)
      reads.endOfRound(readers)
      bench.progress(`${n + 1} purges, ${reads.old} old pages, ${reads.failures.length} failures`)
    }
    for (const { client } of readers) client.destroy()
    const findings: Finding[] = [
      { subject: 'purges and writes', unit: 'times', value: times },
      { subject: 'reads after them', unit: 'requests', value: reads.judged },
      { subject: 'old pages', unit: 'requests', value: reads.old, bar: { is: 'at most', value: 0 } },
      {
        subject: 'failed',
        unit: 'requests',
        value: reads.failures.length,
        bar: { is: 'at most', value: 0 },
      },
      {
        subject: 'reads of the process that was read least, in a round',
        unit: 'requests',
        value: reads.leastOfProcess,
        bar: { is: 'at least', value: 100 },
      },
    ]
    return { findings, failures: reads.failures.slice(0, 50) }
  },
}

/** What readers have seen. */
class Reads {
  /** The edition that there has been since the last purge was answered. */
  edition = 0
  judged = 0
  old = 0
  leastOfProcess = Number.POSITIVE_INFINITY
  readonly failures: string[] = []
  #ofRound = new Map<number, number>()
  #left = 0
  #enough: (() => void) | undefined

  round(): void {
    this.#ofRound = new Map()
  }

  /** Resolves when so many more have been judged. */
  async until(reads: number): Promise<void> {
    this.#left = reads
    await new Promise<void>((resolve) => (this.#enough = resolve))
  }

  /** Reads on one connection, one request after another. */
  async go({ client, pid }: Reader, going: { readonly is: boolean }): Promise<void> {
    for (let i = 0; going.is; i++) {
      // Only what was asked after the answer to the purge must be new.
      const { edition } = this
      const isJudged = this.#left > 0
      try {
        void client.send(
          `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Delay-Ms: ${(i * 7) % lateMsMax}\r\n\r\n`,
        )
        const answer = await client.response('GET', patienceMs)
        this.#take(answer.status, answer.text(), { edition, isJudged, pid })
      } catch (error) {
        this.failures.push(String(error))
        this.#counted()
        return
      }
    }
  }

  #take(
    status: number,
    text: string,
    { edition, isJudged, pid }: { edition: number; isJudged: boolean; pid: number },
  ): void {
    if (status !== 200) this.failures.push(`status ${status}`)
    else if (Number(text) < edition) {
      this.old++
      this.failures.push(`process ${pid} answered with edition ${text} when it was ${edition}`)
    }
    if (!isJudged) return
    this.judged++
    this.#ofRound.set(pid, (this.#ofRound.get(pid) ?? 0) + 1)
    this.#counted()
  }

  #counted(): void {
    if (--this.#left > 0) return
    this.#enough?.()
    this.#enough = undefined
  }

  endOfRound(readers: readonly Reader[]): void {
    for (const pid of new Set(readers.map((reader) => reader.pid)))
      this.leastOfProcess = Math.min(this.leastOfProcess, this.#ofRound.get(pid) ?? 0)
  }
}

/** Connections until each process has some. */
async function readersOfAll(rig: Rig): Promise<Reader[]> {
  const { edges, listenPorts } = rig
  const pids = edges.length === 0 ? [rig.pid] : edges
  const clients: RawClient[] = []
  for (;;) {
    for (let i = 0; i < 16; i++) {
      const client = await RawClient.connect(rig.clearPort)
      // Who has answered has accepted.
      void client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      await client.response()
      clients.push(client)
    }
    const readers = pids.flatMap((pid) => {
      const ports = clientPortsOf(pid, listenPorts)
      return clients.filter(({ localPort }) => ports.has(localPort!)).map((client) => ({ client, pid }))
    })
    if (pids.every((pid) => readers.filter((reader) => reader.pid === pid).length >= readersOfProcess))
      return readers
    if (clients.length >= readersMax) throw new Error('not every process accepts connections')
  }
}

/** Makes a new edition and has the old one forgotten; when it resolves, that was answered. */
async function emptied(rig: Rig, way: (typeof ways)[number], reads: Reads, wanted: number): Promise<void> {
  // A write is by way of Myriad, the other two tell it of one that was not.
  const port = way === 'POST' ? rig.clearPort : rig.applicationPort
  const written = await ask(port, 'POST')
  if (written !== String(wanted)) throw new Error(`the edition is ${written} in place of ${wanted}`)
  if (way === 'PURGE') await ask(rig.clearPort, 'PURGE')
  if (way === 'command') await rig.command('purge', '--url', `http://localhost${path}`)
  reads.edition = wanted
}

async function ask(port: number, method: string): Promise<string> {
  const client = await RawClient.connect(port)
  void client.send(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`)
  const answer = await client.response(method, patienceMs)
  client.destroy()
  if (answer.status !== 200) throw new Error(`${method} was answered with ${answer.status}`)
  return answer.text()
}
