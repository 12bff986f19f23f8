// A connection between two processes of one Myriad, over a unix socket in a folder of its user alone. Either side asks
// and is answered, or tells something. Questions are answered in any order.
import { connect, type Socket } from 'node:net'
import { messageOf } from '../base/thrown.ts'
import { frame, FrameError, FrameReader } from './frame.ts'

/** What waits to be written to a process that does not read; beyond that the link is given up. */
const WAITING_BYTES_MAX = 64 << 20

type Envelope =
  | { readonly ask: number; readonly what: unknown }
  | { readonly answer: number; readonly what: unknown }
  | { readonly failed: number; readonly error: string }
  | { readonly tell: unknown }

/** What comes from the other side. */
export interface LinkEvents {
  /** The answer to a question; what it throws or rejects with is told to the asking side. */
  asked(what: unknown): unknown
  told(what: unknown): void
}

/** The link was closed before the answer came. */
export class LinkClosed extends Error {
  override name = 'LinkClosed'
}

/** One end of a link. */
export class Link {
  /** Resolves when the link is closed, with what was wrong with it, if anything was. */
  readonly closed: Promise<Error | undefined>
  readonly #socket: Socket
  readonly #events: LinkEvents
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #questions = 0
  #isOpen = true

  constructor(socket: Socket, events: LinkEvents) {
    this.#socket = socket
    this.#events = events
    const closed = Promise.withResolvers<Error | undefined>()
    this.closed = closed.promise
    let problem: Error | undefined
    const reader = new FrameReader()
    socket.on('data', (piece: Buffer) => {
      try {
        for (const message of reader.push(piece)) this.#take(message)
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        problem = error
        socket.destroy()
      }
    })
    socket.on('error', (error) => (problem ??= error))
    socket.on('close', () => {
      this.#isOpen = false
      for (const { reject } of this.#waiting.values()) reject(new LinkClosed('the other process has gone'))
      this.#waiting.clear()
      closed.resolve(problem)
    })
  }

  /** Connects to the socket at a path; rejects with the system's error. */
  static connect(path: string, events: LinkEvents): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new Link(socket, events))
      })
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves with the answer; rejects when the other side fails or goes away. */
  ask(what: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (!this.#isOpen) {
      reject(new LinkClosed('the other process has gone'))
      return promise
    }
    const ask = ++this.#questions
    this.#waiting.set(ask, { promise, resolve, reject })
    this.#send({ ask, what })
    return promise
  }

  tell(what: unknown): void {
    if (this.#isOpen) this.#send({ tell: what })
  }

  /** Closes the link after what was sent last. */
  close(): void {
    this.#socket.end()
  }

  /** Does not keep this process from ending. */
  unref(): void {
    this.#socket.unref()
  }

  #send(envelope: Envelope): void {
    this.#socket.write(frame(envelope))
    if (this.#socket.writableLength > WAITING_BYTES_MAX)
      this.#socket.destroy(new FrameError('the other process does not read'))
  }

  #take(message: unknown): void {
    if (typeof message !== 'object' || message === null) throw new FrameError('a message is no object')
    const envelope = message as Partial<
      Record<'ask' | 'answer' | 'failed' | 'tell' | 'what' | 'error', unknown>
    >
    if ('tell' in envelope) return this.#events.told(envelope.tell)
    if (typeof envelope.ask === 'number') return void this.#answer(envelope.ask, envelope.what)
    const number = envelope.answer ?? envelope.failed
    if (typeof number !== 'number') throw new FrameError('a message is neither a question nor an answer')
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    if ('failed' in envelope) waiting?.reject(new Error(String(envelope.error)))
    else waiting?.resolve(envelope.what)
  }

  async #answer(number: number, asked: unknown): Promise<void> {
    let envelope: Envelope
    try {
      envelope = { answer: number, what: (await this.#events.asked(asked)) ?? null }
    } catch (error) {
      envelope = { failed: number, error: messageOf(error) }
    }
    if (this.#isOpen) this.#send(envelope)
  }
}
