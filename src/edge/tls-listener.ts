// The listener that speaks TLS: HTTP/1.1, HTTP/2 and HTTP/3 of Bun.serve, in front of the same engine as the clear-text
// listener. What the runtime does otherwise than our own codec stands in docs/manual/tls.md.
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Timer, Timers } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Recorder } from '../base/record.ts'
import type { Http1Limits } from '../http1/limits.ts'
import { answerWithFailure } from '../request/own-answer.ts'
import type { RequestCall, RequestHandler } from '../request/reply.ts'
import type { RequestLog } from '../request/request-log.ts'
import type { Admission } from './admission.ts'
import { byName, type Certificate } from './certificates.ts'
import { ServeClient } from './serve-client.ts'
import { answerTimeMs, ServeExchange, type ExchangeContext } from './serve-exchange.ts'
import { ServeHeads } from './serve-head.ts'
import { ServeReply, type ReplyContext } from './serve-reply.ts'
import { ServeRequest } from './serve-request.ts'
import type { EdgeSettings, ListenAddress } from './settings.ts'
import type { TlsSettings } from './tls-settings.ts'
import { forwarded, TrustedPeers } from './trust.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 1_000
/** The most that the runtime takes. */
const IDLE_SECONDS_MAX = 255
const LIMIT_SECONDS_MAX = 14_400
/** Answers of more than this may take longer than a connection may be idle. */
const QUICK_BYTES_MAX = 65_536
/** How long connections are told to close before the server that holds them is stopped. */
const CLOSING_MS = 1_000
/** SSL_OP_NO_TLSv1_2 of the runtime's TLS library: it speaks nothing older by itself. */
const NO_TLS_1_2 = 0x0800_0000

/** What a configuration says of a TLS listener. */
export interface TlsListenerConfig {
  readonly engine: RequestHandler
  readonly limits: Http1Limits
  readonly settings: EdgeSettings
  /** Its certificates are used: there is at least one. */
  readonly tls: TlsSettings
}

/** What a TLS listener is made of. */
export interface TlsListenerParts extends TlsListenerConfig {
  readonly recorder: Recorder
  /** The access log; undefined: there is none. */
  readonly log: RequestLog | undefined
  readonly clock: Clock
  readonly timers: Timers
  /** Who is banned: the runtime accepts connections by itself, so requests are looked at. */
  readonly admission: Pick<Admission, 'bans'>
  /** A fault of Myriad's own: an exception while a request was served. */
  fault(error: Error): void
}

/** For an answer that is still to come though the request itself is done with: a page of the site's own for an error. */
const noCall: RequestCall = { bodyBytesMax: 0, data() {}, end() {}, writable() {}, gone() {} }

type Server = Bun.Server<undefined>

/** The runtime's servers of one set of certificates: a listener has others after these have been replaced. */
interface Serving {
  /** HTTP/1.1 and HTTP/2. */
  readonly tcp: Server
  /** HTTP/3. */
  readonly udp: Server | undefined
  draining: boolean
}

/** Listens on one address. */
export class TlsListener implements ExchangeContext {
  readonly port: number
  readonly hostname: string
  #parts: TlsListenerParts
  #trusted: TrustedPeers
  readonly #exchanges = new Set<ServeExchange>()
  readonly #sweep: Timer
  #heads: ServeHeads
  #serving: Serving
  /** Those that have been replaced and are not empty yet. */
  readonly #leaving = new Set<Serving>()

  /** Listens at once; throws the system's error when it cannot, or a certificate does not please the runtime. */
  constructor(address: ListenAddress, parts: TlsListenerParts) {
    this.#parts = parts
    this.#trusted = new TrustedPeers(parts.settings.trust)
    this.#heads = new ServeHeads([])
    this.#serving = this.#serve(address.hostname, address.port, parts.tls.certificates)
    const { tcp } = this.#serving
    this.port = tcp.port!
    this.hostname = tcp.hostname!
    this.#heads = new ServeHeads(toldFields(parts.tls, this.port))
    this.#sweep = parts.timers.every(SWEEP_MS, () => {
      const nowMs = this.nowMs()
      for (const exchange of this.#exchanges) exchange.sweep(nowMs)
    })
  }

  get settings(): EdgeSettings {
    return this.#parts.settings
  }

  /**
   * Another handler, other settings and limits from the next request on. What the runtime's servers are made with has others
   * take their place, as `replaceCertificates` does. Throws, and changes nothing, when the runtime does not take it.
   */
  configure(config: TlsListenerConfig): void {
    const before = this.#parts
    this.#parts = { ...before, ...config }
    const isSame =
      isDeepStrictEqual(before.tls, config.tls) && before.settings.idleTime === config.settings.idleTime
    try {
      if (!isSame) this.replaceCertificates(config.tls.certificates)
    } catch (error) {
      this.#parts = before
      throw error
    }
    this.#trusted = new TrustedPeers(config.settings.trust)
    if (!isSame) this.#heads = new ServeHeads(toldFields(config.tls, this.port))
  }

  /** Requests that are being answered. */
  get pending(): number {
    return this.#exchanges.size
  }

  /**
   * Shows other certificates from now on: new servers take the address over, and the old ones end when their connections have
   * been told to close. Throws, and changes nothing, when the runtime does not take the certificates.
   */
  replaceCertificates(certificates: readonly Certificate[]): void {
    const before = this.#serving
    this.#serving = this.#serve(this.hostname, this.port, certificates)
    this.#parts = { ...this.#parts, tls: { ...this.#parts.tls, certificates } }
    before.draining = true
    this.#leaving.add(before)
    // Packets of its connections may reach the new server, which does not know them: they begin anew.
    void before.udp?.stop(false)
    this.#parts.timers.after(CLOSING_MS, () => {
      void before.tcp.stop(false).then(() => this.#leaving.delete(before))
    })
  }

  /** Accepts no more; resolves when every request has been answered. Connections without one end at once. */
  async drain(): Promise<void> {
    const all = [this.#serving, ...this.#leaving]
    for (const serving of all) serving.draining = true
    await Promise.all(all.flatMap(({ tcp, udp }) => [tcp.stop(false), udp?.stop(false)]))
    this.#sweep.cancel()
  }

  /** Ends everything that is left. */
  cut(): void {
    for (const exchange of this.#exchanges) exchange.cut()
    for (const { tcp, udp } of [this.#serving, ...this.#leaving]) {
      void tcp.stop(true)
      void udp?.stop(true)
    }
  }

  nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }

  refused(failure: Failure, reply: ServeReply): void {
    this.#parts.recorder.answered('self', failure.reason, failure.status, this.nowMs())
    reply.answered('self', failure.reason, failure.status)
  }

  /** Connections are the runtime's; what those ask from now on who have been banned is refused. */
  cutBanned(): void {
    const { bans } = this.#parts.admission
    for (const exchange of this.#exchanges) if (bans.has(exchange.address)) exchange.cut()
  }

  over(exchange: ServeExchange): void {
    this.#exchanges.delete(exchange)
  }

  #serve(hostname: string, port: number, certificates: readonly Certificate[]): Serving {
    const { tls, settings, recorder } = this.#parts
    const context = (breaksOff: boolean, protocol: string): ReplyContext => ({
      breaksOff,
      protocol,
      count: (bytes) => recorder.bytes(bytes, 0),
      heads: () => this.#heads,
      draining: () => serving.draining,
    })
    const shared = {
      hostname,
      // Certificates are replaced by other servers on the same port.
      reusePort: true,
      development: false,
      idleTimeout: Math.min(Math.ceil(settings.idleTime / 1000), IDLE_SECONDS_MAX),
      // The limit is kept here (serve-upload.ts).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      tls: this.#options(certificates),
      error: (error: Error) => {
        this.#parts.fault(error)
        return new Response(null, { status: 500 })
      },
    }
    // Which of the two a request came by the runtime does not tell.
    const overTcp = context(true, tls.http2 ? 'HTTP/2' : 'HTTP/1.1')
    const tcp = Bun.serve({
      ...shared,
      port,
      http2: tls.http2,
      fetch: (request: Request, by: Server) => this.#answer(request, by, overTcp),
    })
    const serving: Serving = { tcp, udp: undefined, draining: false }
    if (!tls.http3) return serving
    const overUdp = context(false, 'HTTP/3')
    try {
      const udp = Bun.serve({
        ...shared,
        port: tcp.port!,
        http1: false,
        http3: true,
        fetch: (request: Request, by: Server) => this.#answer(request, by, overUdp),
      })
      return Object.assign(serving, { udp })
    } catch (error) {
      void tcp.stop(true)
      throw error
    }
  }

  /** The first certificate is for all that no other is for. */
  #options(certificates: readonly Certificate[]): Bun.TLSOptions[] {
    const { minVersion, clientCa } = this.#parts.tls
    const shared: Bun.TLSOptions = {
      ...(minVersion === '1.3' ? { secureOptions: NO_TLS_1_2 } : {}),
      ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
    }
    const { cert, key } = certificates[0]!
    const named = [...byName(certificates)].map(([serverName, each]) => ({
      ...shared,
      cert: each.cert,
      key: each.key,
      serverName,
    }))
    return [{ ...shared, cert, key }, ...named]
  }

  #answer(request: Request, server: Server, context: ReplyContext): Response | Promise<Response> {
    const client = new ServeClient(request, server, this.#trusted)
    const reply = new ServeReply(client, context)
    const { engine, limits, settings, log, admission } = this.#parts
    if (!admission.bans.isEmpty && admission.bans.has(client.address))
      return this.#refuse(reply, new Failure('banned', 'this address is not served'))
    if (this.#exchanges.size >= settings.connectionsMax)
      return this.#refuse(reply, new Failure('too-many', 'more requests are being answered than may be'))
    const view = new ServeRequest(request)
    const refusal = view.refusal(limits)
    if (log !== undefined) reply.logged = log.begin(view, client, context.protocol)
    if (refusal !== undefined) return this.#refuse(reply, refusal)
    if (client.trusted) {
      const said = forwarded(view)
      view.believe(said?.scheme, said?.authority)
    }
    const call = engine.handle(view, reply)
    const { response } = reply
    if (response !== undefined) {
      if (reply.sizeBytes > QUICK_BYTES_MAX) limit(server, request, answerTimeMs(reply.sizeBytes, settings))
      return response
    }
    client.settle()
    const promise = reply.promise()
    this.#exchanges.add(
      new ServeExchange(request, reply, call ?? noCall, view.body, this, (ms) => limit(server, request, ms)),
    )
    return promise
  }

  #refuse(reply: ServeReply, failure: Failure): Response {
    this.refused(failure, reply)
    answerWithFailure(reply, failure, false)
    return reply.response!
  }
}

/** Sets the runtime's time limit for a request; 0: none. */
function limit(server: Server, request: Request, ms: number): void {
  server.timeout(request, Math.min(Math.ceil(ms / 1000), LIMIT_SECONDS_MAX))
}

/** What every answer tells: that HTTP/3 is spoken here, too (RFC 7838), and HSTS (RFC 6797). */
function toldFields({ http3, hsts }: TlsSettings, port: number): [string, string][] {
  const fields: [string, string][] = []
  if (http3) fields.push(['Alt-Svc', `h3=":${port}"; ma=86400`])
  if (hsts > 0) fields.push(['Strict-Transport-Security', `max-age=${Math.floor(hsts / 1000)}`])
  return fields
}
