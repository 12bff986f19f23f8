// An exchange with the origin whose answer may have to wait, where other processes have caches of the same site: the
// answer to an unsafe method is held until they have dropped what it invalidates (RFC 9111 §4.4). A writer who reads on
// after it has arrived, from whichever process, then sees what was written.
import type { Failure } from '../base/failure.ts'
import type { Fields } from '../http/fields.ts'
import type { ResponseHead } from '../http/message.ts'
import type { Origin, OriginCall, OriginEvents, OriginRequest } from '../origin/origin.ts'

/** Told of the final head: what its answer waits for, if for anything; never rejects. */
export type Before = (head: ResponseHead) => Promise<unknown> | undefined

/** An origin whose answers may wait. */
export function holding(origin: Pick<Origin, 'send'>, before: Before): Pick<Origin, 'send'> {
  return {
    send(request: OriginRequest, events: OriginEvents): OriginCall {
      const exchange = new HeldExchange(events, before)
      exchange.call = origin.send(request, exchange)
      return exchange
    },
  }
}

/** Passes everything on; what comes after a head that has to wait, in order, when it need wait no longer. */
class HeldExchange implements OriginEvents, OriginCall {
  call: OriginCall | undefined
  /** What came meanwhile; undefined: nothing is being held. */
  #held: (() => void)[] | undefined
  /** Nothing more comes from the origin, or is wanted. */
  #over = false

  constructor(
    private readonly events: OriginEvents,
    private readonly before: Before,
  ) {}

  interim(head: ResponseHead): void {
    this.events.interim(head)
  }

  head(head: ResponseHead, bodyBytes: number | undefined): void {
    const wait = this.before(head)
    if (wait === undefined) return this.events.head(head, bodyBytes)
    // Its lines lie in a codec's buffer: only the fields may be kept.
    const { status, reason, fields } = head
    this.#held = [() => this.events.head({ status, reason, fields }, bodyBytes)]
    if (!this.#over) this.call?.pause()
    void wait.then(() => this.#release())
  }

  part(octets: Uint8Array, from: number, to: number): void {
    if (this.#held === undefined) return this.events.part(octets, from, to)
    // They are lent until the return.
    const kept = octets.slice(from, to)
    this.#held.push(() => this.events.part(kept, 0, kept.length))
  }

  end(trailers: Fields | undefined): void {
    this.#over = true
    if (this.#held === undefined) return this.events.end(trailers)
    this.#held.push(() => this.events.end(trailers))
  }

  fail(failure: Failure): void {
    this.#over = true
    if (this.#held === undefined) return this.events.fail(failure)
    this.#held.push(() => this.events.fail(failure))
  }

  writable(): void {
    this.events.writable()
  }

  upgraded(head: ResponseHead): void {
    this.events.upgraded(head)
  }

  write(chunk: Uint8Array): boolean {
    return this.call?.write(chunk) ?? true
  }

  finish(trailers: Fields | undefined): void {
    this.call?.finish(trailers)
  }

  pause(): void {
    if (!this.#over) this.call?.pause()
  }

  resume(): void {
    // What is being held is not to grow, whoever wants more.
    if (this.#held === undefined && !this.#over) this.call?.resume()
  }

  abort(): void {
    this.#over = true
    this.#held = undefined
    this.call?.abort()
  }

  #release(): void {
    if (this.#held === undefined) return
    // Before the events: they may have it pause again. What it brings at once comes after them.
    if (!this.#over) this.call?.resume()
    for (let event = this.#held?.shift(); event !== undefined; event = this.#held?.shift()) event()
    this.#held = undefined
  }
}
