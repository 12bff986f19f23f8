// Visitors of all kinds at once, on 64 connections: each opens a connection, asks on it as its kind does, closes it and
// comes again, until the load is stopped. Everything that comes back is judged.
import { Random } from '../../fuzz/random.ts'
import { browse, fetchSlow, pipeline, send, type Visit } from './http1-visitors.ts'
import { browseHttp2, fetchSlowHttp2, sendHttp2 } from './http2-visitors.ts'
import { Judge } from './judge.ts'
import { converse } from './websocket-visitor.ts'

/** What visitors speak: HTTP/1.1 in clear text and with TLS, HTTP/2 with TLS, and WebSockets over both. */
export const protocols = ['http1', 'websocket', 'tls', 'tls-websocket', 'http2'] as const
export type Protocol = (typeof protocols)[number]

/** Whether a protocol goes over TLS. */
export const isOverTls = (protocol: Protocol): boolean => protocol !== 'http1' && protocol !== 'websocket'

interface Kind {
  readonly name: string
  readonly protocol: Protocol
  /** Of 64 connections with all protocols. */
  readonly weight: number
  readonly visit: (visit: Visit) => Promise<void>
}

const kinds: readonly Kind[] = [
  { name: 'pages', protocol: 'http1', weight: 17, visit: browse },
  { name: 'pipelines', protocol: 'http1', weight: 6, visit: pipeline },
  { name: 'uploads', protocol: 'http1', weight: 3, visit: send },
  { name: 'downloads', protocol: 'http1', weight: 3, visit: fetchSlow },
  { name: 'tunnels', protocol: 'websocket', weight: 4, visit: converse },
  { name: 'pages', protocol: 'tls', weight: 7, visit: browse },
  { name: 'pipelines', protocol: 'tls', weight: 3, visit: pipeline },
  { name: 'uploads', protocol: 'tls', weight: 2, visit: send },
  { name: 'downloads', protocol: 'tls', weight: 2, visit: fetchSlow },
  { name: 'tunnels', protocol: 'tls-websocket', weight: 3, visit: converse },
  { name: 'pages', protocol: 'http2', weight: 10, visit: browseHttp2 },
  { name: 'uploads', protocol: 'http2', weight: 2, visit: sendHttp2 },
  { name: 'downloads', protocol: 'http2', weight: 2, visit: fetchSlowHttp2 },
]

/** Where a load goes, and who takes part. */
export interface LoadPlan {
  readonly clearPort: number
  readonly tlsPort: number
  readonly protocols: readonly Protocol[]
  readonly connections: number
}

/** A load that goes on until it is stopped. */
export class MixedLoad {
  readonly judge = new Judge()
  readonly #visitors: readonly Promise<void>[]

  constructor({ clearPort, tlsPort, protocols: taking, connections }: LoadPlan) {
    const places = kinds
      .filter(({ protocol }) => taking.includes(protocol))
      .flatMap((kind) => Array.from({ length: kind.weight }, (_, n) => ({ ...kind, share: n / kind.weight })))
      // So that a load of fewer connections has one of each kind before it has two of any.
      .toSorted((a, b) => a.share - b.share)
    this.#visitors = Array.from({ length: connections }, (_, i) => {
      const { name, protocol, visit } = places[i % places.length]!
      const tls = isOverTls(protocol)
      const port = tls ? tlsPort : clearPort
      const about = { visitor: `${protocol} ${name}`, port, tls, judge: this.judge, random: new Random(i) }
      return this.#again(() => visit(about))
    })
  }

  /** Lets every visitor finish what it asked for last; resolves when all have. */
  async stop(): Promise<Judge> {
    this.judge.going = false
    await Promise.all(this.#visitors)
    return this.judge
  }

  async #again(visit: () => Promise<void>): Promise<void> {
    while (this.judge.going) await visit()
  }
}
