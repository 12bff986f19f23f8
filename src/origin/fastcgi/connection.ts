// One connection to a FastCGI application: sends a request as records, reads the records of its answer, and says
// whether it can be used again. Knows nothing of pools or retries (fastcgi-origin.ts).
import { Failure, type FailureCode } from '../../base/failure.ts'
import { Outbox } from '../../base/outbox.ts'
import type { ResponseHead } from '../../http/message.ts'
import { mayHaveBody } from '../../http1/framing.ts'
import type { Socket, SocketUser } from '../../net/socket.ts'
import type { OriginRequest } from '../origin.ts'
import type { CgiHeadReader } from './cgi-head.ts'
import type { ErrorLines } from './error-lines.ts'
import {
  CONTENT_BYTES_MAX,
  HEADER_BYTES,
  ProtocolStatus,
  RecordReader,
  RecordType,
  writeHeader,
} from './record.ts'
import type { RequestId } from './request-id.ts'
import { isJoined, requestRecords } from './request-records.ts'
import type { FastCgiSettings } from './settings.ts'
import type { Script } from './variables.ts'

/** Who waits for the answer of a connection. */
export interface Exchange {
  readonly request: OriginRequest
  readonly script: Script
  /** What the request is called in reports. */
  readonly id: RequestId
  head(head: ResponseHead, bodyBytes: number | undefined): void
  /** Content, lent: it lies in the octets from `from` to `to`. */
  part(octets: Uint8Array, from: number, to: number): void
  /** `reusable`: the connection may carry another exchange. */
  end(reusable: boolean): void
  /** `silent`: closed without a byte of an answer, as a kept connection does that the application had given up. */
  fail(failure: Failure, silent: boolean): void
  writable(): void
}

/** What the connections of a pool share: what they read and write with, and where errors are told. */
export interface ConnectionParts {
  readonly heads: CgiHeadReader
  readonly errors: ErrorLines
  /** Monotonic time. */
  nowMs(): number
  /** The time of day, for Date. */
  wallMs(): number
  closed(connection: FastCgiConnection): void
}

/** The header of the record that is being sent. */
const header = new Uint8Array(HEADER_BYTES)

/** A connection, from connected to closed. */
export class FastCgiConnection implements SocketUser {
  readonly outbox: Outbox
  #phase: 'idle' | 'head' | 'body' | 'closed' = 'idle'
  #exchange: Exchange | undefined
  readonly #records = new RecordReader()
  /** The beginning of a head whose rest has not come. */
  #headPart: Buffer | undefined
  /** What has come while the client takes nothing, and has not been read: a copy, since what comes is lent. */
  #held: Buffer | undefined
  #bodyLeft = 0
  /** Whether the answer has a body, whatever the application sends. */
  #hasBody = true
  #sentAll = true
  #paused = false
  #answered = false
  /** Whether a worker has answered on it: until then it may be waiting for one. */
  proven = false
  /** Whether it has carried an exchange: the application may have given it up before the next one reached it. */
  kept = false
  /** Monotonic times: since when it is open, when the exchange began, and when bytes last moved. */
  readonly openedMs: number
  startedMs = 0
  movedMs = 0

  constructor(
    readonly socket: Socket,
    private readonly parts: ConnectionParts,
  ) {
    this.outbox = new Outbox(socket)
    this.openedMs = parts.nowMs()
  }

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  /** Begins an exchange on an idle connection: all that is there of the request goes out in one piece. */
  start(exchange: Exchange): void {
    this.#exchange = exchange
    this.#phase = 'head'
    this.#answered = false
    this.startedMs = this.movedMs = this.parts.nowMs()
    const { body } = exchange.request
    this.#sentAll = body.kind !== 'stream'
    const { octets, at } = requestRecords(exchange.request, exchange.script, exchange.id)
    this.outbox.send(octets, 0, at, at)
    if (body.kind === 'whole' && !isJoined(body)) {
      this.#sendBody(body.bytes, false)
      this.#sendBodyEnd()
    }
  }

  /** More of the request's body, lent; false: the application takes no more for now. */
  write(chunk: Uint8Array): boolean {
    if (this.isClosed || chunk.length === 0) return true
    this.movedMs = this.parts.nowMs()
    return this.#sendBody(chunk, true)
  }

  /** The end of the request's body. */
  finish(): void {
    if (this.isClosed || this.#sentAll) return
    this.#sendBodyEnd()
    this.#sentAll = true
    this.movedMs = this.parts.nowMs()
  }

  pause(): void {
    if (this.#paused || this.isClosed) return
    this.#paused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.#paused || this.isClosed) return
    this.#paused = false
    this.movedMs = this.parts.nowMs()
    this.socket.resume()
    this.#readHeld()
  }

  /** Closes the connection at once, without a word to the exchange: the application sees that nobody waits any more. */
  abort(): void {
    this.#exchange = undefined
    this.#close()
    this.socket.terminate()
  }

  /** Which time limit has passed, if any. */
  overdue(nowMs: number, settings: FastCgiSettings): FailureCode | undefined {
    if (this.#exchange === undefined) return undefined
    if (nowMs - this.startedMs > settings.totalTime) return 'total-timeout'
    if (this.#paused) return undefined
    const quietMs = nowMs - this.movedMs
    if (this.#phase === 'body')
      return quietMs > settings.betweenBytesTime ? 'between-bytes-timeout' : undefined
    // As long as more of the request has to come from the client, the application has nothing to do.
    const awaitsClient = !this.#sentAll && this.outbox.waitingBytes === 0
    return !awaitsClient && quietMs > settings.firstByteTime ? 'first-byte-timeout' : undefined
  }

  /** Ends the exchange with a failure, and the connection. */
  failWith(code: FailureCode, message: string): void {
    const exchange = this.#exchange
    this.abort()
    exchange?.fail(new Failure(code, message), false)
  }

  /** A fault of Myriad's own while it was served: nothing is known any more of what has been sent and read. */
  onFault(): void {
    this.failWith('origin-closed', "a fault of Myriad's own ended the connection to the application")
  }

  onDrain(): void {
    this.movedMs = this.parts.nowMs()
    if (this.outbox.flush()) this.#exchange?.writable()
  }

  onData(octets: Buffer, end: number): void {
    this.movedMs = this.parts.nowMs()
    this.#answered = this.proven = true
    this.#read(octets, end)
  }

  onEnd(): void {
    this.onClose(undefined)
  }

  /** The application has closed its side, or the socket is gone. */
  onClose(error: Error | undefined): void {
    if (this.isClosed) return
    while (this.#held !== undefined && this.#exchange !== undefined) {
      // What has arrived is handed on first; it was held back by a slow client.
      this.#paused = false
      this.#readHeld()
    }
    if (this.isClosed) return
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#close()
    this.socket.end()
    const silent = !this.#answered
    exchange?.fail(
      new Failure(
        'origin-closed',
        silent
          ? 'the application closed the connection without an answer'
          : 'the application closed the connection within its answer',
        { cause: error },
      ),
      silent,
    )
  }

  #sendBody(bytes: Uint8Array, isLent: boolean): boolean {
    let taken = true
    for (let from = 0; from < bytes.length; from += CONTENT_BYTES_MAX) {
      const to = Math.min(bytes.length, from + CONTENT_BYTES_MAX)
      writeHeader(header, 0, RecordType.stdin, to - from)
      this.outbox.send(header, 0, HEADER_BYTES, HEADER_BYTES)
      taken = this.outbox.send(bytes, from, to, isLent ? to - from : 0)
    }
    return taken
  }

  #sendBodyEnd(): void {
    writeHeader(header, 0, RecordType.stdin, 0)
    this.outbox.send(header, 0, HEADER_BYTES, HEADER_BYTES)
  }

  #readHeld(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.#read(held, held.length)
  }

  #read(octets: Buffer, end: number): void {
    const records = this.#records
    let at = 0
    for (;;) {
      if (this.#phase === 'closed') return
      if (this.#phase === 'idle') {
        if (at === end) return
        // Octets that nobody asked for: what follows could be taken for the answer to the next request.
        this.#close()
        this.socket.terminate()
        return
      }
      if (this.#paused && this.#phase === 'body') {
        if (at < end) this.#hold(octets.subarray(at, end))
        return
      }
      const step = records.step(octets, at, end)
      at = records.next
      switch (step) {
        case 'more':
          return
        case 'invalid':
          return this.#invalid(records.problem)
        case 'stdout':
          if (this.#phase === 'head') this.#readHead(octets, records.from, records.to, end)
          else this.#readBody(octets, records.from, records.to)
          break
        case 'stderr':
          this.parts.errors.add(this.#exchange!.id.text, octets, records.from, records.to)
          break
        case 'end':
          return this.#onAnswered(at < end)
      }
    }
  }

  #hold(rest: Buffer): void {
    const held = this.#held
    this.#held = held === undefined ? Buffer.from(rest) : Buffer.concat([held, rest])
  }

  /** The part of a head from `from` to `to`; what has come goes on to `comeEnd`. */
  #readHead(octets: Buffer, from: number, to: number, comeEnd: number): void {
    const { heads } = this.parts
    const exchange = this.#exchange!
    const part = this.#headPart
    const joined = part === undefined ? octets : Buffer.concat([part, octets.subarray(from, to)])
    const end = part === undefined ? to : joined.length
    const { method } = exchange.request
    const outcome = heads.read(joined, part === undefined ? from : 0, end, method)
    if (outcome === 'invalid') return this.#invalid(heads.problem)
    if (outcome === 'incomplete') {
      this.#headPart = part === undefined ? Buffer.from(octets.subarray(from, to)) : joined
      return
    }
    this.#headPart = undefined
    this.#phase = 'body'
    const { next } = heads
    this.#hasBody = mayHaveBody(method, heads.status)
    const bodyBytes = heads.bodyBytes ?? this.#wholeBody(octets, comeEnd, end - next)
    this.#bodyLeft = bodyBytes ?? Infinity
    const head = heads.head(this.parts.wallMs())
    exchange.head(head, bodyBytes)
    head.settle()
    if (next < end && this.#exchange === exchange) this.#readBody(joined, next, end)
  }

  #readBody(octets: Buffer, from: number, to: number): void {
    // What exceeds its announced length is not part of the body, as with HTTP.
    const taken = Math.min(to - from, this.#bodyLeft)
    if (!this.#hasBody || taken === 0) return
    this.#bodyLeft -= taken
    this.#exchange!.part(octets, from, from + taken)
  }

  /** How long the body is, where all of it has come with the head, as that of a short page does; `bytes`: at least. */
  #wholeBody(octets: Buffer, end: number, bytes: number): number | undefined {
    const ahead = this.#records.stdoutAhead(octets, end)
    return ahead < 0 ? undefined : bytes + ahead
  }

  /** `more`: octets follow the answer. The next exchange starts at once, and would take them for its answer. */
  #onAnswered(more: boolean): void {
    const { protocolStatus } = this.#records
    if (protocolStatus === ProtocolStatus.overloaded && this.#phase === 'head')
      return this.failWith('origin-busy', 'the application says that it is overloaded')
    if (protocolStatus !== ProtocolStatus.complete)
      return this.#invalid(`the application refused the request, with protocol status ${protocolStatus}`)
    if (this.#phase === 'head') return this.#invalid('it ends before its head is complete')
    if (this.#bodyLeft > 0 && this.#bodyLeft !== Infinity)
      return this.failWith(
        'origin-closed',
        `the answer ended ${this.#bodyLeft} bytes before its announced length`,
      )
    const exchange = this.#exchange!
    this.#exchange = undefined
    const reusable = !more && this.#sentAll && this.outbox.waitingBytes === 0
    if (reusable) {
      this.#phase = 'idle'
      if (this.#paused) {
        this.#paused = false
        this.socket.resume()
      }
    } else {
      this.#close()
      this.socket.end()
    }
    exchange.end(reusable)
  }

  #invalid(problem: string): void {
    this.failWith('origin-invalid', `the application's answer is not valid FastCGI: ${problem}`)
  }

  #close(): void {
    if (this.isClosed) return
    this.#phase = 'closed'
    this.#headPart = this.#held = undefined
    this.outbox.clear()
    this.parts.closed(this)
  }
}
