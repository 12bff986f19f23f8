// A request on Bun.serve that could not be answered at once: its body on the way in, its answer on the way out, and the time
// limits of both, which the runtime's own do not know how to keep.
import { Failure } from '../base/failure.ts'
import type { RequestBody } from '../http/request-view.ts'
import { answerWithFailure } from '../request/own-answer.ts'
import type { RequestCall } from '../request/reply.ts'
import type { ReplyEvents, ServeReply } from './serve-reply.ts'
import { ServeUpload, type UploadEvents } from './serve-upload.ts'
import type { EdgeSettings } from './settings.ts'

/** What an exchange needs from its listener. */
export interface ExchangeContext {
  readonly settings: EdgeSettings
  nowMs(): number
  refused(failure: Failure, reply: ServeReply): void
  over(exchange: ServeExchange): void
}

/** One request under way. */
export class ServeExchange implements ReplyEvents, UploadEvents {
  readonly #upload: ServeUpload | undefined
  #isOver = false
  #isAnswered = false
  #isStream = false
  #windowMs: number
  #movedBefore = 0

  constructor(
    request: Request,
    private readonly reply: ServeReply,
    private readonly call: RequestCall,
    body: RequestBody,
    private readonly context: ExchangeContext,
    /** Sets the runtime's time limit for the request; 0: none. */
    private readonly limit: (ms: number) => void,
  ) {
    this.#windowMs = context.nowMs()
    reply.events = this
    // Origins have limits of their own, and bodies those of `sweep`.
    limit(0)
    request.signal.addEventListener('abort', () => this.gone(), { once: true })
    if (body.kind === 'none') return
    this.#upload = new ServeUpload(body, call.bodyBytesMax, call, this)
    this.#upload.begin(request.body)
  }

  /** Who asks. */
  get address(): string {
    return this.reply.client.address
  }

  began(sizeBytes: number | undefined): void {
    this.#isAnswered = true
    // A stream is watched here, for as long as it takes.
    if (sizeBytes === undefined) this.#isStream = true
    else this.limit(answerTimeMs(sizeBytes, this.context.settings))
  }

  writable(): void {
    if (!this.#isOver) this.call.writable()
  }

  over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#upload?.stop()
    if (this.#isStream) this.limit(this.context.settings.idleTime)
    this.context.over(this)
  }

  gone(): void {
    if (this.#isOver) return
    this.reply.abandon()
    this.over()
    this.call.gone()
  }

  refused(failure: Failure): void {
    if (this.#isOver) return
    const { reply, call } = this
    call.gone()
    if (reply.isWaiting) {
      this.context.refused(failure, reply)
      answerWithFailure(reply, failure, false)
    } else reply.fail()
    this.over()
  }

  pause(): void {
    this.#upload?.pause()
  }

  resume(): void {
    this.#upload?.resume()
    this.#startWindow(this.context.nowMs())
  }

  /** Looks at the time limits: a body that moves more slowly than `bodyRate` over `bodyTime` is not waited for. */
  sweep(nowMs: number): void {
    const { bodyRate, bodyTime } = this.context.settings
    const isSending = this.#isAnswered && this.reply.waitingBytes > 0
    const isReceiving = this.#upload?.isWaiting === true
    if (bodyRate === 0 || (!isSending && !isReceiving)) return this.#startWindow(nowMs)
    const elapsedMs = nowMs - this.#windowMs
    if (elapsedMs < bodyTime) return
    if (this.#movedBytes - this.#movedBefore >= (bodyRate * elapsedMs) / 1000) return this.#startWindow(nowMs)
    this.refused(new Failure('body-timeout', 'the body did not arrive in time'))
  }

  /** Ends it, whatever is going on. */
  cut(): void {
    if (this.#isOver) return
    this.reply.fail()
    this.call.gone()
    this.over()
  }

  get #movedBytes(): number {
    return this.reply.takenBytes + (this.#upload?.bytes ?? 0)
  }

  #startWindow(nowMs: number): void {
    this.#windowMs = nowMs
    this.#movedBefore = this.#movedBytes
  }
}

/** Slowest client of an answer that the runtime sends by itself; how fast it is taken cannot be seen. */
const ANSWER_BYTES_PER_MS = 4

/** How long an answer may take that the runtime has all of. */
export function answerTimeMs(sizeBytes: number, { idleTime }: EdgeSettings): number {
  return idleTime + sizeBytes / ANSWER_BYTES_PER_MS
}
