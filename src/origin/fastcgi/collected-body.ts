// A request body that is collected before an application is given the request: one whose length is not known, because
// CGI tells the length first (CONTENT_LENGTH, RFC 3875 §4.1.2); and a short one, so that a client that sends it slowly
// occupies no worker.
import { Failure } from '../../base/failure.ts'
import { Fields } from '../../http/fields.ts'
import type { OriginBody, OriginCall, OriginEvents, OriginRequest } from '../origin.ts'

/** Bodies that are announced to be no longer than this are collected. */
const SHORT_BYTES_MAX = 65_536
/** Pieces that are kept before they are put together: what is kept is bytes, not an array for each of them. */
const PIECES_MAX = 64

/** What all collected bodies of an application take together. */
export class CollectedBytes {
  #bytes = 0

  constructor(readonly max: number) {}

  /** False: there is no room for so many more. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.max) return false
    this.#bytes += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** Sends a request on; `ended` is called when it is no longer needed. */
type SendOn = (request: OriginRequest, ended: () => void) => OriginCall

/** Whether this request's body has to be, or had better be, collected. */
export function isCollected({ body }: OriginRequest): boolean {
  return body.kind === 'stream' && (body.bytes === undefined || body.bytes <= SHORT_BYTES_MAX)
}

/** A request whose body is on its way. */
export class CollectedBody implements OriginCall {
  #pieces: Uint8Array[] = []
  #bytes = 0
  #call: OriginCall | undefined
  #ended = false
  #paused = false

  constructor(
    private readonly request: OriginRequest,
    private readonly events: OriginEvents,
    private readonly room: CollectedBytes,
    private readonly sendOn: SendOn,
  ) {
    if (request.expectsContinue) queueMicrotask(() => this.#continue())
  }

  write(chunk: Uint8Array): boolean {
    if (this.#call !== undefined) return this.#call.write(chunk)
    if (this.#ended) return true
    if (this.room.take(chunk.length)) {
      this.#bytes += chunk.length
      this.#pieces.push(Uint8Array.prototype.slice.call(chunk))
      if (this.#pieces.length === PIECES_MAX) this.#pieces = [Buffer.concat(this.#pieces)]
      return true
    }
    if (this.#isAnnounced) {
      // Then it is passed on as it comes.
      this.#call = this.#send(this.request.body)
      for (const piece of this.#pieces.splice(0)) this.#call.write(piece)
      return this.#call.write(chunk)
    }
    this.#giveUp()
    this.events.fail(
      this.#bytes + chunk.length > this.room.max
        ? new Failure('body-too-large', `a body without a length of more than ${this.room.max} bytes`)
        : new Failure('origin-busy', 'too many request bodies without a length are being collected'),
    )
    return true
  }

  finish(): void {
    if (this.#ended) return
    if (this.#call !== undefined) return this.#call.finish(undefined)
    const bytes = Buffer.concat(this.#pieces.splice(0), this.#bytes)
    this.#call = this.#send({ kind: 'whole', bytes })
  }

  pause(): void {
    this.#paused = true
    this.#call?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#call?.resume()
  }

  abort(): void {
    if (this.#call !== undefined) this.#call.abort()
    else if (!this.#ended) this.#giveUp()
  }

  get #isAnnounced(): boolean {
    const { body } = this.request
    return body.kind === 'stream' && body.bytes !== undefined
  }

  #send(body: OriginBody): OriginCall {
    const { method, pathAndQuery, fields, gateway, upgrade } = this.request
    const request = { method, pathAndQuery, fields, gateway, upgrade, body, expectsContinue: false }
    const call = this.sendOn(request, () => this.room.giveBack(this.#bytes))
    if (this.#paused) call.pause()
    return call
  }

  #giveUp(): void {
    this.#ended = true
    this.#pieces = []
    this.room.giveBack(this.#bytes)
  }

  #continue(): void {
    if (this.#ended || this.#call !== undefined) return
    this.events.interim({ status: 100, reason: 'Continue', fields: new Fields() })
  }
}
