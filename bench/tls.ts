// TLS: hits of 8 KB over HTTP/2 and over HTTP/1.1, and new connections, against nginx tuned, both with the same
// certificate.
import type { Bench, Comparison, Figures, Row } from './comparison.ts'
import { inPairs, measured, orFailed } from './pairs.ts'
import { myriadTls } from './peers/myriad.ts'
import { nginxTunedTls } from './peers/nginx-tuned.ts'
import type { RunningPeer } from './peers/peer.ts'
import { compareTlsHits, overTls, type TlsServers } from './tls-hits.ts'

const cases = [
  { subject: 'TLS, hits of 8 KB, HTTP/2', protocol: 'h2', bar: { is: 'at least', value: 2 } },
  { subject: 'TLS, hits of 8 KB, HTTP/1.1', protocol: 'http/1.1', bar: { is: 'at least', value: 1.3 } },
] as const

/** Programs that make new connections, one after the other. */
const connecting = 4

export const tls: Comparison = {
  name: 'tls',
  sentence: 'TLS: cached pages of 8 KB over HTTP/2 and HTTP/1.1, and new connections',
  run: (bench) =>
    overTls(nginxTunedTls, myriadTls, async (servers) => {
      const rows: Row[] = []
      for (const one of cases) rows.push(await compareTlsHits(bench, one, servers))
      rows.push(await compareHandshakes(bench, servers))
      return rows
    }),
}

/** Whole handshakes, none resumed. */
async function compareHandshakes(bench: Bench, { theirs, ours }: TlsServers): Promise<Row> {
  const { seconds } = bench
  const once =
    ({ port }: RunningPeer) =>
    async (): Promise<Figures> => {
      const programs = Array.from({ length: connecting }, () => connect(port, seconds))
      const handshakes = (await Promise.all(programs)).reduce((sum, count) => sum + count, 0)
      return { handshakes, seconds }
    }
  const about = {
    subject: 'TLS, new connections',
    against: theirs.peer.name,
    what: 'handshakes',
    bar: { is: 'at least', value: 0.8 },
  } as const
  return await orFailed(about, () =>
    inPairs(bench, about, [theirs, ours], (server) => measured(server, about.what, seconds, once(server))),
  )
}

/** Connects again and again for a time; returns how often. */
async function connect(port: number, seconds: number): Promise<number> {
  const flags = ['-connect', `127.0.0.1:${port}`, '-new', '-time', String(seconds)]
  const child = Bun.spawn(['openssl', 's_time', ...flags], { stderr: 'ignore' })
  const output = await child.stdout.text()
  return Number(/(\d+) connections in \d+ real seconds/.exec(output)?.[1] ?? 0)
}
