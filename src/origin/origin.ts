// What an origin is to the engine: something that answers requests, by events, with back-pressure both ways. One
// implementation per folder.
import type { Failure } from '../base/failure.ts'
import type { Pourable } from '../base/outbox.ts'
import type { Fields } from '../http/fields.ts'
import type { ResponseHead } from '../http/message.ts'

/** A request's body as the origin gets it. */
export type OriginBody =
  | { readonly kind: 'none' }
  /** All of it, in memory: may be sent again on another connection. */
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  /** Comes by `OriginCall.write`; `bytes` undefined when its length is not known. */
  | { readonly kind: 'stream'; readonly bytes: number | undefined }

/** What an origin is called. */
export interface OriginNames {
  /** Host and port of its URL: what is sent when the client names no host. */
  readonly authority: string
  /** The Host that it is sent whatever the client names. */
  readonly host: string | undefined
}

/** What the gateway adds to each request, Host among it: as fields, and as text in HTTP/1.1 form. */
export interface GatewayLines {
  readonly fields: Fields
  readonly text: string
  /** For origins that are told who asks by other means than fields (CGI): the client's address, as far as it is believed. */
  readonly clientAddress: string
  readonly scheme: 'http' | 'https'
  /** Host and port that the client asked, checked, without the scheme's default port. */
  readonly authority: string
}

/** A request as it goes to an origin. */
export interface OriginRequest {
  readonly method: string
  readonly pathAndQuery: string
  /** The client's end-to-end fields, without Host and those that frame the body. */
  readonly fields: Fields
  /**
   * Writes `fields` in HTTP/1.1 form at a position of `into`; returns the position after them, -1 when that is not
   * possible (any more) or there is no room. A request that is passed on at once is so never made into strings.
   */
  copyLines?(into: Buffer, at: number): number
  readonly gateway: GatewayLines
  readonly body: OriginBody
  /** Whether the client waits for 100 (Continue), and so the origin is asked to send it. */
  readonly expectsContinue: boolean
  /** The protocol to switch to; undefined for an ordinary request. */
  readonly upgrade: string | undefined
}

/** What comes back. After `end`, `fail` or `abort()` nothing more comes. */
export interface OriginEvents {
  /** An interim response (1xx, never 101). */
  interim(head: ResponseHead): void
  /**
   * `bodyBytes`: as the origin announced it; undefined when it did not. Fields are end-to-end ones only; who keeps the
   * head asks for them within the call.
   */
  head(head: ResponseHead, bodyBytes: number | undefined): void
  /** Content, as it arrives, in the octets from `from` to `to`. They are lent: whoever keeps some copies them. */
  part(octets: Uint8Array, from: number, to: number): void
  end(trailers: Fields | undefined): void
  fail(failure: Failure): void
  /** The origin takes more of the request's body again. */
  writable(): void
  /** The origin switched protocols (101): from here `part` and `write` carry the tunnel. */
  upgraded(head: ResponseHead): void
}

/** An exchange under way. */
export interface OriginCall {
  /** More of a streamed body, or of a tunnel, lent; false: wait for `writable`. */
  write(chunk: Uint8Array): boolean
  /** The body's end (with trailers), or the end of the client's side of a tunnel. */
  finish(trailers: Fields | undefined): void
  /** Stops and restarts the flow of `part`. */
  pause(): void
  resume(): void
  /** Gives the exchange up: its connection is closed. */
  abort(): void
}

/** What a request asks for, as far as an answer from a file depends on it. */
export interface DirectRequest {
  readonly method: string
  readonly pathAndQuery: string
  readonly acceptEncoding: string | undefined
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
}

/** An answer that is there at once and is not stored: a file, which lies on this machine already. */
export interface DirectAnswer {
  /** Content-Length is among the fields where it is known and no body follows. */
  readonly head: ResponseHead
  /** Undefined: none follows. To be closed by whoever takes the answer. */
  readonly body: Pourable | undefined
}

/** Something that answers requests. */
export interface Origin {
  /**
   * Answers a GET or HEAD without a body at once, where that costs less than to store the answer; undefined: `send`
   * is to be asked. Only where the listener can take a body from a file.
   */
  direct?(request: DirectRequest): DirectAnswer | undefined
  send(request: OriginRequest, events: OriginEvents): OriginCall
  /** Figures for the status page. */
  readonly connections: { readonly open: number; readonly idle: number; readonly queued: number }
  /** Closes idle connections; exchanges under way go on. */
  close(): void
}
