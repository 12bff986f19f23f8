// Finds the ends of responses in a stream of bytes, for load generators that must do little else: status, length and,
// for checks, the content's CRC-32. Pure.
//
// Framing as RFC 9112 §6.3 has it for answers to GET and POST: no content with 1xx, 204 and 304, then chunked, then
// Content-Length. Left out: close-delimited responses, which no measured server sends, and every validation.
import { crc32 } from 'node:zlib'

/** A response that has arrived whole. */
export interface Answer {
  readonly status: number
  /** Content, without its framing. */
  readonly bytes: number
  /** Content-Encoding; 'identity' when there is none. */
  readonly coding: string
  /** CRC-32 of the content; 0 unless the reader was asked to compute it. */
  readonly crc: number
}

type State =
  | { readonly is: 'head' }
  | { readonly is: 'content'; left: number; readonly chunked: boolean }
  | { readonly is: 'chunk-line' }
  | { readonly is: 'trailer' }

/** Takes chunks as they come; `onAnswer` is called for each response that ends in them. */
export class ResponseReader {
  #state: State = { is: 'head' }
  #kept: Buffer | undefined
  #status = 0
  #coding = 'identity'
  #bytes = 0
  #crc = 0

  constructor(
    private readonly onAnswer: (answer: Answer) => void,
    private readonly computesCrc = false,
  ) {}

  feed(arrived: Buffer): void {
    let rest = this.#kept ? Buffer.concat([this.#kept, arrived]) : arrived
    this.#kept = undefined
    while (rest.length > 0) {
      const used = this.#step(rest)
      if (used === 0) {
        // A line or a head is not complete yet. The chunk belongs to the socket, so what is kept must be a copy.
        this.#kept = Buffer.from(rest)
        return
      }
      rest = rest.subarray(used)
    }
  }

  /** Reads one element from the start of `rest`; returns the bytes that it took, 0 when it is not complete. */
  #step(rest: Buffer): number {
    const state = this.#state
    switch (state.is) {
      case 'head': {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return 0
        this.#head(rest.latin1Slice(0, end))
        return end + 4
      }
      case 'content': {
        const used = Math.min(state.left, rest.length)
        this.#bytes += used
        if (this.computesCrc) this.#crc = crc32(rest.subarray(0, used), this.#crc)
        state.left -= used
        if (state.left === 0) this.#contentEnds(state.chunked)
        return used
      }
      case 'chunk-line': {
        const end = rest.indexOf('\r\n')
        if (end < 0) return 0
        // The line before a chunk is empty where the last chunk's own CRLF is still to come.
        if (end === 0) return 2
        const left = Number.parseInt(rest.latin1Slice(0, end), 16)
        this.#state = left === 0 ? { is: 'trailer' } : { is: 'content', left, chunked: true }
        return end + 2
      }
      case 'trailer': {
        const end = rest.indexOf('\r\n')
        if (end < 0) return 0
        if (end === 0) this.#ends()
        return end + 2
      }
    }
  }

  #head(head: string): void {
    this.#status = Number(head.slice(9, 12))
    this.#coding = /\r\ncontent-encoding: *([\w-]+)/i.exec(head)?.[1] ?? 'identity'
    this.#bytes = 0
    this.#crc = 0
    if (this.#status < 200) return
    if (this.#status === 204 || this.#status === 304) return this.#ends()
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = { is: 'chunk-line' }
      return
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (!length) throw new Error(`a response without a length:\n${head}`)
    const left = Number(length[1])
    if (left === 0) this.#ends()
    else this.#state = { is: 'content', left, chunked: false }
  }

  #contentEnds(chunked: boolean): void {
    if (chunked) this.#state = { is: 'chunk-line' }
    else this.#ends()
  }

  #ends(): void {
    this.#state = { is: 'head' }
    this.onAnswer({ status: this.#status, coding: this.#coding, bytes: this.#bytes, crc: this.#crc })
  }
}
