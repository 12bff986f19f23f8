// A client connection for load that wrk cannot make: thousands of connections that stay open, requests at given times,
// readers that are slow on purpose. One request at a time, whole messages prepared by the caller.
import { ResponseReader, type Answer } from './response-reader.ts'
import { realClock } from '../src/base/clock.ts'
import { pause } from './wait.ts'

/** How a connection reads. */
export interface Reading {
  /** Bytes per second at most; unset: as fast as they come. */
  readonly bytesPerSecond?: number
  /** Computes the content's CRC-32. */
  readonly computesCrc?: boolean
}

/** An answer, and when it came. */
export interface TimedAnswer extends Answer {
  /** When the first byte of the answer arrived, milliseconds since the Unix epoch. */
  readonly firstByteAtMs: number
}

/** One connection to 127.0.0.1. */
export class ClientConnection {
  #socket: Bun.Socket | undefined
  #waiting: PromiseWithResolvers<TimedAnswer> | undefined
  #unsent: Buffer[] = []
  #drained: (() => void) | undefined
  #firstByteAtMs = 0
  #readBytes = 0
  #readFromMs = 0
  readonly #reader: ResponseReader

  private constructor(private readonly reading: Reading) {
    this.#reader = new ResponseReader((answer) => this.#answered(answer), reading.computesCrc)
  }

  /** Connects; rejects when the server refuses. */
  static async open(
    port: number,
    reading: Reading = {},
    scheme: 'http' | 'https' = 'http',
  ): Promise<ClientConnection> {
    const connection = new ClientConnection(reading)
    const secured = Promise.withResolvers<void>()
    if (scheme === 'http') secured.resolve()
    connection.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      ...(scheme === 'https' && { tls: { rejectUnauthorized: false } }),
      socket: {
        data: (socket, chunk) => connection.#arrived(socket, chunk),
        drain: () => connection.#flush(),
        handshake: (_, isDone, error) =>
          isDone ? secured.resolve() : secured.reject(error ?? new Error('the handshake failed')),
        close() {
          secured.reject(new Error('the server closed the connection'))
          connection.#broken('the server closed the connection')
        },
        error: (_, error) => connection.#broken(error.message),
      },
    })
    await secured.promise
    return connection
  }

  /** Sends a request and waits for its answer; rejects when the connection breaks. */
  ask(message: Buffer): Promise<TimedAnswer> {
    this.#waiting = Promise.withResolvers()
    this.#firstByteAtMs = 0
    this.#readBytes = 0
    this.#write(message)
    return this.#waiting.promise
  }

  /** Sends content after a request's head; resolves when the socket can take more. */
  async send(content: Buffer): Promise<void> {
    this.#write(content)
    if (this.#unsent.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    await promise
  }

  close(): void {
    this.#waiting = undefined
    this.#socket?.end()
  }

  #write(bytes: Buffer): void {
    this.#unsent.push(bytes)
    if (this.#unsent.length === 1) this.#flush()
  }

  #flush(): void {
    while (this.#unsent.length > 0) {
      const next = this.#unsent[0]!
      const written = this.#socket?.write(next) ?? -1
      if (written < 0) return
      if (written < next.length) {
        this.#unsent[0] = next.subarray(written)
        return
      }
      this.#unsent.shift()
    }
    this.#drained?.()
    this.#drained = undefined
  }

  #arrived(socket: Bun.Socket, chunk: Buffer): void {
    if (this.#firstByteAtMs === 0) {
      this.#firstByteAtMs = realClock.nowMs()
      this.#readFromMs = realClock.monotonicMs()
    }
    try {
      this.#reader.feed(chunk)
    } catch (error) {
      return this.#broken(String(error))
    }
    this.#readBytes += chunk.length
    if (this.reading.bytesPerSecond !== undefined) void this.#slowDown(socket, this.reading.bytesPerSecond)
  }

  /** Stops reading until the bytes that came are due at the wanted speed. */
  async #slowDown(socket: Bun.Socket, bytesPerSecond: number): Promise<void> {
    const dueMs = this.#readFromMs + (this.#readBytes / bytesPerSecond) * 1000
    const aheadMs = dueMs - realClock.monotonicMs()
    if (aheadMs < 1) return
    socket.pause()
    await pause(aheadMs)
    socket.resume()
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ ...answer, firstByteAtMs: this.#firstByteAtMs })
  }

  #broken(why: string): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(new Error(why))
    this.#drained?.()
  }
}
