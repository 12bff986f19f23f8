// An exchange that is over as soon as it has begun: a short answer, or none. It is told after `send` has returned, as
// events of every origin are.
import { Failure } from '../../base/failure.ts'
import type { ResponseHead } from '../../http/message.ts'
import type { OriginCall, OriginEvents } from '../origin.ts'

/** Tells an answer, or what went wrong, at the end of this turn of the event loop. */
export class ShortCall implements OriginCall {
  #over = false

  constructor(events: OriginEvents, answer: ResponseHead | Failure, body = '') {
    queueMicrotask(() => {
      if (this.#over) return
      this.#over = true
      if (answer instanceof Failure) return events.fail(answer)
      events.head(answer, body.length)
      if (body !== '') {
        const bytes = Buffer.from(body)
        events.part(bytes, 0, bytes.length)
      }
      events.end(undefined)
    })
  }

  write(): boolean {
    return true
  }

  finish(): void {}

  pause(): void {}

  resume(): void {}

  abort(): void {
    this.#over = true
  }
}
