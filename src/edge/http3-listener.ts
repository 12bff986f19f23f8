// The listener that speaks HTTP/3: Bun.serve, in front of the same engine as the other listeners. What the runtime does
// otherwise than our own codecs stands in docs/manual/tls.md.
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
import type { ToldFields } from './told-fields.ts'
import { forwarded, TrustedPeers } from './trust.ts'

/** How often time limits are looked at. */
const SWEEP_MS = 1_000
/** The most that the runtime takes. */
const IDLE_SECONDS_MAX = 255
const LIMIT_SECONDS_MAX = 14_400
/** Answers of more than this may take longer than a connection may be idle. */
const QUICK_BYTES_MAX = 65_536
/** SSL_OP_NO_TLSv1_2 of the runtime's TLS library: it speaks nothing older by itself. */
const NO_TLS_1_2 = 0x0800_0000

/** What a configuration says of it. */
export interface Http3Config {
  readonly engine: RequestHandler
  readonly limits: Http1Limits
  readonly settings: EdgeSettings
  /** Its certificates are used: there is at least one. */
  readonly tls: TlsSettings
  /** Added to every answer that does not say it itself. */
  readonly told: ToldFields
}

/** What it is made of. */
export interface Http3ListenerParts extends Http3Config {
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

/** Listens on one UDP port. */
export class Http3Listener implements ExchangeContext {
  #parts: Http3ListenerParts
  #trusted: TrustedPeers
  readonly #exchanges = new Set<ServeExchange>()
  readonly #sweep: Timer
  #heads: ServeHeads
  #server: Server

  /** Listens at once; throws the system's error when it cannot, or a certificate does not please the runtime. */
  constructor(
    private readonly address: Omit<ListenAddress, 'scheme'>,
    parts: Http3ListenerParts,
  ) {
    this.#parts = parts
    this.#trusted = new TrustedPeers(parts.settings.trust)
    this.#heads = new ServeHeads(parts.told)
    this.#server = this.#serve()
    this.#sweep = parts.timers.every(SWEEP_MS, () => {
      const nowMs = this.nowMs()
      for (const exchange of this.#exchanges) exchange.sweep(nowMs)
    })
  }

  get settings(): EdgeSettings {
    return this.#parts.settings
  }

  /**
   * Another handler, other settings and limits from the next request on. `isAnew`: another server takes the address over,
   * since what the runtime's are made with has changed; packets of connections that there are may reach it, which does not
   * know them: they begin anew. Throws, and changes nothing, when the runtime does not take it.
   */
  configure(config: Http3Config, isAnew: boolean): void {
    const before = this.#parts
    this.#parts = { ...before, ...config }
    if (isAnew) {
      const server = this.#server
      try {
        this.#server = this.#serve()
      } catch (error) {
        this.#parts = before
        throw error
      }
      void server.stop(false)
    }
    this.#trusted = new TrustedPeers(config.settings.trust)
    if (config.told !== before.told) this.#heads = new ServeHeads(config.told)
  }

  /** Requests that are being answered. */
  get pending(): number {
    return this.#exchanges.size
  }

  /** Accepts no more; resolves when every request has been answered. Connections without one end at once. */
  async drain(): Promise<void> {
    await this.#server.stop(false)
    this.#sweep.cancel()
  }

  /** Ends everything that is left. */
  cut(): void {
    for (const exchange of this.#exchanges) exchange.cut()
    void this.#server.stop(true)
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

  #serve(): Server {
    const { tls, settings, recorder, fault } = this.#parts
    const context: ReplyContext = {
      count: (bytes) => recorder.bytes(bytes, 0),
      heads: () => this.#heads,
    }
    return Bun.serve({
      ...this.address,
      // Servers follow one another on the same port.
      reusePort: true,
      development: false,
      idleTimeout: Math.min(Math.ceil(settings.idleTime / 1000), IDLE_SECONDS_MAX),
      // The limit is kept here (serve-upload.ts).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      tls: this.#options(tls.certificates),
      http1: false,
      http3: true,
      error: (error: Error) => {
        fault(error)
        return new Response(null, { status: 500 })
      },
      fetch: (request: Request, by: Server) => this.#answer(request, by, context),
    })
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
    if (log !== undefined) reply.logged = log.begin(view, client, 'HTTP/3')
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
