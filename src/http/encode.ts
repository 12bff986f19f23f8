// Content codings, made (RFC 9110 §8.4.1): gzip (RFC 1952), br (RFC 7932) and zstd (RFC 8878) of a whole body. Once per
// stored response, so a middle level is worth its time; a long body is coded on another thread.
//
// Measured on HTML with Bun 1.4.4: milliseconds, the best of twelve, and how many times smaller.
//
//              8 KB          32 KB         100 KB        1 MB
//   gzip 4     0.06  3.78    0.22  3.84    0.84  4.04     7.8  4.57
//   gzip 6     0.04  3.87    0.20  3.95    1.19  4.18    11.8  4.72
//   gzip 9     0.06  3.83    0.55  3.95    2.37  4.20    24.5  4.78
//   br 4       0.07  4.01    0.23  3.96    1.07  4.15     7.9  5.50
//   br 5       0.10  4.34    0.69  4.20    1.61  4.45    15.5  5.95
//   br 9       0.11  4.36    0.77  4.24    3.10  4.57    36.5  6.29
//   zstd 3     0.02  3.68    0.08  3.72    0.23  3.96     3.0  5.16
//   zstd 6     0.05  3.92    0.22  3.98    0.99  4.26     8.8  5.75
//   zstd 9     0.08  3.93    0.64  4.05    2.29  4.40    20.6  5.94
//
// Handing a body to another thread and back holds up the event loop for about 1 ms (1 MB: at worst 2.5 ms), so below
// 32 KB it is quicker to stay. node:zlib keeps the memory that the other thread reads until it is done, even when the
// buffer is freed meanwhile; Bun's own zstdCompress was seen not to, hence it is not used for that.
//
// Left out: coding a body while it streams (src/request/coded-reply.ts), dictionaries (RFC 9842), deflate and compress.
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Coding } from './coding.ts'

/** A coding that changes the body. */
export type ContentCoding = Exclude<Coding, 'identity'>

const gzipLevel = 6
const brotliQuality = 5
const zstdLevel = 6

/** Up to this length a body is coded at once. */
export const encodedAtOnceBytesMax = 32 * 1024

const gzipOptions = { level: gzipLevel }
const zstdOptions = { params: { [zlib.constants.ZSTD_c_compressionLevel]: zstdLevel } }

const gzipElsewhere = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip)
const brotliElsewhere = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)
const zstdElsewhere = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress)

/**
 * Codes a whole body: a short one at once, a long one on another thread. The result owns its memory. The body must not
 * change until a promised result is there.
 */
export function encode(body: Uint8Array, coding: ContentCoding): Uint8Array | Promise<Uint8Array> {
  return body.length <= encodedAtOnceBytesMax ? encodeHere(body, coding) : encodeElsewhere(body, coding)
}

function encodeHere(body: Uint8Array, coding: ContentCoding): Uint8Array {
  switch (coding) {
    case 'gzip':
      return zlib.gzipSync(body, gzipOptions)
    case 'br':
      return zlib.brotliCompressSync(body, brotliOptions(body.length))
    case 'zstd':
      return zlib.zstdCompressSync(body, zstdOptions)
  }
}

function encodeElsewhere(body: Uint8Array, coding: ContentCoding): Promise<Uint8Array> {
  switch (coding) {
    case 'gzip':
      return gzipElsewhere(body, gzipOptions)
    case 'br':
      return brotliElsewhere(body, brotliOptions(body.length))
    case 'zstd':
      return zstdElsewhere(body, zstdOptions)
  }
}

/** Brotli chooses its tables by the size that it is told. */
function brotliOptions(bodyBytes: number): zlib.BrotliOptions {
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: sizeHint } = zlib.constants
  return { params: { [quality]: brotliQuality, [sizeHint]: bodyBytes } }
}
