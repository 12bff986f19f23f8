// Content codings, made (RFC 9110 §8.4.1).
import { gzipSync } from 'node:zlib'
import type { Coding } from './coding.ts'

export type ContentCoding = Exclude<Coding, 'identity'>

export function encode(body: Uint8Array, coding: ContentCoding): Uint8Array | Promise<Uint8Array> {
  if (coding === 'zstd') return Bun.zstdCompressSync(body as Uint8Array<ArrayBuffer>)
  return coding === 'gzip' ? gzipSync(body) : new Uint8Array(require('node:zlib').brotliCompressSync(body))
}
