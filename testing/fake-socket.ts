// A socket without a network: what is written to it is kept, as far as the test gives it room.
import type { Socket } from '../src/net/socket.ts'

/** `write` returns how many bytes it took, and keeps nothing else. */
export class FakeSocket implements Socket {
  remoteAddress = '192.0.2.7'
  /** How many more bytes are taken; more room is given by raising it, and then calling the connection's `onDrain`. */
  roomBytes = Infinity
  paused = false
  /** What became of our side; `cut` is a reset. */
  state: 'open' | 'shut' | 'ended' | 'cut' = 'open'
  /** How many calls of `write` took something. */
  writes = 0
  /** How often `onDrain` was asked for although nothing had been refused. */
  asked = 0
  #written: Uint8Array[] = []

  /** Everything written, one character for each byte. */
  get text(): string {
    return Buffer.concat(this.#written).toString('latin1')
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.text
    this.#written = []
    return text
  }

  write(data: Uint8Array, byteOffset = 0, byteLength = data.length - byteOffset): number {
    if (this.state !== 'open') return -1
    const count = Math.min(byteLength, this.roomBytes)
    this.roomBytes -= count
    if (count > 0) this.writes++
    this.#written.push(Buffer.from(data.subarray(byteOffset, byteOffset + count)))
    return count
  }

  askDrain(): void {
    this.asked++
  }

  end(): void {
    if (this.state !== 'cut') this.state = 'ended'
  }

  shutdown(): void {
    if (this.state === 'open') this.state = 'shut'
  }

  terminate(): void {
    this.state = 'cut'
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }
}
