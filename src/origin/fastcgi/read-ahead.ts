// What an application has answered and the client does not take yet. A worker that waits for a slow reader answers nobody
// else, so a page is taken off its worker at once, and what the reader has not taken waits here. Limited: a long answer
// goes at the pace of its reader, and so do all when they take too much together.

/** The longest answer that is kept so; pages are shorter, and downloads longer. */
export const AHEAD_BYTES_MAX = 1 << 20
/** What all answers of one application may keep. */
const ROOM_BYTES = 64 << 20

/** What all answers of an application keep together. */
export class AheadRoom {
  bytes = 0

  constructor(readonly max: number = ROOM_BYTES) {}

  /** Whether no answer is to keep more. */
  get isFull(): boolean {
    return this.bytes >= this.max
  }
}

/** The part of one answer that is kept. */
export class ReadAhead {
  #pieces: Uint8Array[] = []
  #keptEver = 0

  constructor(private readonly room: AheadRoom) {}

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  /** Whether no more is to be kept than has come already. */
  get isFull(): boolean {
    return this.#keptEver >= AHEAD_BYTES_MAX || this.room.isFull
  }

  /** Keeps a copy of the octets from `from` to `to`. */
  keep(octets: Uint8Array, from: number, to: number): void {
    this.#pieces.push(Uint8Array.prototype.slice.call(octets, from, to))
    this.#keptEver += to - from
    this.room.bytes += to - from
  }

  /** The next piece, which is no longer kept; undefined when there is none. */
  take(): Uint8Array | undefined {
    const piece = this.#pieces.shift()
    if (piece !== undefined) this.room.bytes -= piece.length
    return piece
  }

  /** Nobody waits for it any more. */
  drop(): void {
    for (const piece of this.#pieces) this.room.bytes -= piece.length
    this.#pieces = []
  }
}
