// Answers a certificate authority that asks for a proof (RFC 8555 §8.3), before anything that the site says: in front of the
// redirect to https and of the engine with its routes and rules.
import type { Clock } from '../../base/clock.ts'
import type { Recorder } from '../../base/record.ts'
import type { RequestView } from '../../http/request-view.ts'
import { answerChallenge } from '../../request/own-answer.ts'
import type { Reply, RequestCall, RequestHandler } from '../../request/reply.ts'
import type { AcmeCertificates } from './certificates.ts'

export interface ChallengeHandlerParts {
  readonly certificates: Pick<AcmeCertificates, 'answer'>
  /** Answers every other request. */
  readonly next: RequestHandler
  readonly recorder: Recorder
  readonly clock: Clock
}

/** Stands first on a listener. */
export class ChallengeHandler implements RequestHandler {
  constructor(private readonly parts: ChallengeHandlerParts) {}

  handle(view: RequestView, reply: Reply): RequestCall | undefined {
    const { certificates, next, recorder, clock } = this.parts
    const proof = certificates.answer(view.authority, view.pathAndQuery)
    if (proof === undefined) return next.handle(view, reply)
    answerChallenge(reply, proof, view.method === 'HEAD')
    recorder.answered('self', 'acme-challenge', 200, clock.monotonicMs())
    reply.answered?.('self', 'acme-challenge', 200)
    return undefined
  }
}
