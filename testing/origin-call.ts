// Asks an origin in few words, and waits for what comes back.
import type { Failure } from '../src/base/failure.ts'
import type { Fields } from '../src/http/fields.ts'
import type { ResponseHead } from '../src/http/message.ts'
import type { GatewayLines, Origin, OriginBody, OriginCall, OriginEvents } from '../src/origin/origin.ts'
import { fieldsOf, type FieldTable } from './exchange.ts'
import { within } from './within.ts'

/** What a test may say about its request. */
export interface CallOptions {
  readonly method?: string
  readonly path?: string
  readonly fields?: FieldTable
  readonly body?: OriginBody
  readonly expectsContinue?: boolean
  readonly upgrade?: string
  readonly gateway?: GatewayLines
}

/** What a gateway adds to the request of a client. */
export const testGateway: GatewayLines = {
  fields: fieldsOf({ Host: 'a.test' }),
  text: 'Host: a.test\r\n',
  clientAddress: '192.0.2.7',
  scheme: 'http',
  authority: 'a.test',
}

/** One exchange: its events as they came. */
export class Answering implements OriginEvents {
  readonly interims: number[] = []
  readonly interimHeads: ResponseHead[] = []
  response: ResponseHead | undefined
  bodyBytes: number | undefined
  receivedBytes = 0
  trailers: Fields | undefined
  failure: Failure | undefined
  outcome: 'open' | 'ended' | 'failed' | 'upgraded' = 'open'
  /** Called with each piece of content. */
  onData: () => void = () => {}
  readonly call: OriginCall
  /** Whether anything but a failure came before `send` had returned. */
  hasty = false
  #sent = false
  #chunks: Buffer[] = []
  #waiting: { what: string; done: () => boolean; resolve: () => void }[] = []

  constructor(origin: Origin, options: CallOptions = {}) {
    const { method = 'GET', path = '/', fields = {} } = options
    this.call = origin.send(
      {
        method,
        pathAndQuery: path,
        fields: fieldsOf(fields),
        gateway: options.gateway ?? testGateway,
        body: options.body ?? { kind: 'none' },
        expectsContinue: options.expectsContinue ?? false,
        upgrade: options.upgrade,
      },
      this,
    )
    this.#sent = true
  }

  get body(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  /** 'ended', or the code of the failure; rejects when neither comes. */
  async result(): Promise<string> {
    await this.until('the end of an exchange', () => this.outcome === 'ended' || this.outcome === 'failed')
    return this.failure?.code ?? 'ended'
  }

  /** Resolves when `done` holds, which is looked at after each event. */
  until(what: string, done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve()
    const wait = new Promise<void>((resolve) => this.#waiting.push({ what, done, resolve }))
    return within(5_000, what, wait)
  }

  interim(head: ResponseHead): void {
    this.#came()
    this.interims.push(head.status)
    this.interimHeads.push(kept(head))
    this.#look()
  }

  head(head: ResponseHead, bodyBytes: number | undefined): void {
    this.#came()
    this.response = kept(head)
    this.bodyBytes = bodyBytes
    this.#look()
  }

  part(octets: Uint8Array, from: number, to: number): void {
    this.#came()
    this.receivedBytes += to - from
    this.#chunks.push(Buffer.from(octets.subarray(from, to)))
    this.onData()
    this.#look()
  }

  end(trailers: Fields | undefined): void {
    this.#came()
    this.trailers = trailers
    this.outcome = 'ended'
    this.#look()
  }

  fail(failure: Failure): void {
    this.failure = failure
    this.outcome = 'failed'
    this.#look()
  }

  writable(): void {
    this.#look()
  }

  upgraded(): void {
    this.#came()
    this.outcome = 'upgraded'
    this.#look()
  }

  #came(): void {
    if (!this.#sent) this.hasty = true
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true
      resolve()
      return false
    })
  }
}

/** A head is good within the call only, but for its fields. */
function kept({ status, reason, fields }: ResponseHead): ResponseHead {
  return { status, reason, fields }
}
