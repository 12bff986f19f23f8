// Sends visitors of a clear-text listener to the listener that speaks TLS (RFC 9110 §15.4), instead of serving them.
import type { Clock } from '../base/clock.ts'
import type { Recorder } from '../base/record.ts'
import type { RequestView } from '../http/request-view.ts'
import { answerRedirect } from '../request/own-answer.ts'
import type { Reply, RequestCall, RequestHandler } from '../request/reply.ts'

/** What a redirect is made of. */
export interface HttpsRedirectParts {
  /** Answers what has come by TLS already, as a trusted proxy in front says, and what names no host. */
  readonly engine: RequestHandler
  readonly recorder: Recorder
  readonly clock: Clock
  /** The port that speaks TLS. */
  readonly port: number
}

/** Stands before the engine on a clear-text listener. */
export class HttpsRedirect implements RequestHandler {
  readonly #suffix: string

  constructor(private readonly parts: HttpsRedirectParts) {
    this.#suffix = parts.port === 443 ? '' : `:${parts.port}`
  }

  handle(view: RequestView, reply: Reply): RequestCall | undefined {
    const { engine, recorder, clock } = this.parts
    const { method, scheme, authority, pathAndQuery } = view
    if (scheme === 'https' || authority === '' || pathAndQuery === '*') return engine.handle(view, reply)
    const host = authority.replace(/:\d+$/, '')
    // RFC 9110 §15.4.9: after 308 the method and the body stay as they are; 301 is what everybody knows.
    const status = method === 'GET' || method === 'HEAD' ? 301 : 308
    answerRedirect(reply, status, `https://${host}${this.#suffix}${pathAndQuery}`, method === 'HEAD')
    recorder.answered('self', 'redirect', status, clock.monotonicMs())
    reply.answered?.('self', 'redirect', status)
    return undefined
  }
}
