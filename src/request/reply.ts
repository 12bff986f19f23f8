// The two sides of a request under way, between a listener and the engine. Every protocol's listener implements
// Reply; the engine returns a RequestCall for what it cannot answer at once.
import type { Held, Pourable } from '../base/outbox.ts'
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { Fields } from '../http/fields.ts'
import type { GatewayLines, OriginNames } from '../origin/origin.ts'
import type { ArrivedLines, ResponseHead } from '../http/message.ts'
import type { RequestView } from '../http/request-view.ts'
import type { Representation } from './representation.ts'

/** Who is asking. */
export interface Client {
  /** Address of the peer of this connection. */
  readonly address: string
  /** Whether what the peer says of forwarding is believed (`edge.trust`). */
  readonly trusted: boolean
  /** The lines that its last request got for the origin (forward.ts). */
  gateway?: {
    readonly names: OriginNames
    readonly host: string
    readonly scheme: string
    readonly lines: GatewayLines
  }
  /** The country that was found for its last request (engine.ts), and by what. */
  located?: {
    readonly address: string
    readonly countryOf: (address: string) => string | undefined
    readonly country: string | undefined
  }
}

/** Where an answer goes: exactly one of `stored`, `start` … `finish`, `tunnel`, or `fail`. */
export interface Reply {
  readonly client: Client
  /** An interim response (RFC 9110 §15.2). */
  interim(head: ResponseHead): void
  /**
   * A response that is all there. `ageSeconds` is told in Age, unless negative. `ttlSeconds` and `reason` make the
   * member of Cache-Status, unless `member` says it: on a hit no text is made for what has not changed since the last.
   */
  stored(
    representation: Representation,
    headOnly: boolean,
    ageSeconds: number,
    ttlSeconds: number,
    reason: Reason,
    member: string | undefined,
  ): void
  /** Begins a response; `bodyBytes` undefined: not known. For HEAD and 304 it is told, and no body follows. */
  start(head: ResponseHead, bodyBytes: number | undefined, hasBody: boolean): void
  /**
   * As `start`, with an origin's lines as they came, Content-Length left out where there is a body, and lines of
   * Myriad's own behind them. Returns false when that is not possible: nothing has begun then.
   */
  forward(
    status: number,
    reason: string,
    lines: ArrivedLines,
    added: string,
    bodyBytes: number | undefined,
    hasBody: boolean,
  ): boolean
  /** More of the body; false: wait for `RequestCall.writable`. `source` is held for as long as the chunk is needed. */
  write(chunk: Uint8Array, source?: Held): boolean
  /** As `write`, of the octets from `from` to `to`, which are the caller's again at once. */
  writePart(octets: Uint8Array, from: number, to: number): boolean
  /** All of a body whose length was told, from a file; not every listener can. It closes `body` in the end. */
  pour?(body: Pourable): void
  finish(trailers: Fields | undefined): void
  /** Breaks the transfer so that the client sees it is not complete. */
  fail(): void
  /** Who answered, and why: for the listener's access log. Told once, beside the answer, before it or after. */
  answered?(tier: Tier, reason: Reason, status: number): void
  /** The client may send its body (100 Continue), though the origin was not asked. */
  wantBody(): void
  /** Hands the connection to the origin (101): `data` and `write` carry bytes from here. */
  tunnel(head: ResponseHead): void
  /** Stops and restarts the flow of the request's body. */
  pause(): void
  resume(): void
}

/** What a listener tells the engine of a request that it could not answer at once. */
export interface RequestCall {
  /** How large the request's body may be: a listener that counts one of unknown length ends it there. */
  readonly bodyBytesMax: number
  /** A piece of the request's body, lent: whoever keeps it copies it. */
  data(chunk: Uint8Array): void
  end(trailers: Fields | undefined): void
  /** The client takes more of the response again. */
  writable(): void
  /** The client has gone; nothing more is to be sent. */
  gone(): void
}

/** Whoever answers requests: the engine, or what stands before it on a listener. */
export interface RequestHandler {
  /** Answers a request. Undefined: that is done; else what the listener tells of body and client. */
  handle(view: RequestView, reply: Reply): RequestCall | undefined
}
