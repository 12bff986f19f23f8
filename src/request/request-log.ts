// What a log of requests takes. Every protocol's listener begins an entry when a request has come and ends it when its
// answer has left; the engine says in between who answered and why (Reply.answered).
import type { Reason } from '../base/reason.ts'
import type { Tier } from '../base/record.ts'
import type { RequestView } from '../http/request-view.ts'
import type { Client } from './reply.ts'

/** What is read of a request; one that was refused shows what could be read of it, and is empty otherwise. */
export type LoggableRequest = Pick<
  RequestView,
  'method' | 'scheme' | 'authority' | 'rawTarget' | 'pathAndQuery' | 'present' | 'get' | 'text'
>

/** Takes requests down. */
export interface RequestLog {
  /**
   * Begins the entry of a request; nothing of it is asked for after the return. `protocol`: 'HTTP/1.1'. Undefined: this
   * one is not logged.
   */
  begin(request: LoggableRequest, client: Client, protocol: string): LoggedRequest | undefined
}

/** The entry of one request: complete when it knows both, in whichever order they come. */
export interface LoggedRequest {
  answered(tier: Tier, reason: Reason, status: number): void
  /**
   * The answer is over. `bytes`: what the client's side of the connection has taken of it, with its head. `whole`: all of
   * it; else it was broken off, or the client left before there was any.
   */
  ended(bytes: number, whole: boolean): void
}
