// The origin behind every measured server: a process of its own that makes pages from their URL alone, so that two
// servers in front of it give the same bytes, and that counts how often it was asked.
//
//   /page/N           8 KB of HTML, fresh for an hour, with an ETag
//   /size/BYTES/N     the same in another size
//   /zip/N            8 KB, compressed by the origin itself for who accepts gzip (Vary: Accept-Encoding)
//   /pass/N           8 KB that must not be stored
//   /delayed/MS/N     /page/N after MS milliseconds
//   /stream/BYTES     fresh for an hour, of a length that is not told beforehand
//   /upload/MBPS      reads the request body at that many megabytes a second; counts its length and CRC-32
//   /-/ready          for readiness checks; not counted, not stored
//   /-/counters       what was counted (origin-process.ts)
//
// Usage: bun bench/origin.ts PORT
import { crc32 } from 'node:zlib'
import { realClock } from '../src/base/clock.ts'
import { pageBytes, pageOf, patternBlock } from './page.ts'
import type { OriginCounters } from './origin-process.ts'
import { pause } from './wait.ts'

const counters: { -readonly [K in keyof OriginCounters]: OriginCounters[K] } = {
  requests: 0,
  answeredAtMs: 0,
  uploadedBytes: 0,
  uploadedCrc: 0,
}

const fresh = { 'cache-control': 'max-age=3600', 'content-type': 'text/html; charset=utf-8' }

async function answer(request: Request): Promise<Response> {
  const path = request.url.slice(request.url.indexOf('/', 'http://'.length))
  const [, kind, first = '', second = ''] = path.split('/')
  if (kind === '-') return control(first)
  counters.requests++
  switch (kind) {
    case 'page':
      return page(path, pageBytes)
    case 'size':
      return page(path, Number(first))
    case 'zip':
      return zipped(path, request)
    case 'pass':
      return new Response(pageOf(path, pageBytes), { headers: { ...fresh, 'cache-control': 'no-store' } })
    case 'delayed':
      await pause(Number(first))
      counters.answeredAtMs = realClock.nowMs()
      return page(`/page/${second}`, pageBytes)
    case 'stream':
      return stream(Number(first))
    case 'upload':
      return upload(request, Number(first))
    default:
      return new Response('no such page', { status: 404 })
  }
}

function control(name: string): Response {
  const headers = { 'cache-control': 'no-store' }
  return name === 'counters' ? Response.json(counters, { headers }) : new Response('ready', { headers })
}

function page(path: string, bytes: number): Response {
  return new Response(pageOf(path, bytes), { headers: { ...fresh, etag: `"${path}"` } })
}

function zipped(path: string, request: Request): Response {
  const headers = { ...fresh, vary: 'Accept-Encoding', etag: `W/"${path}"` }
  const body = pageOf(path, pageBytes)
  if (!request.headers.get('accept-encoding')?.includes('gzip')) return new Response(body, { headers })
  return new Response(Bun.gzipSync(body), { headers: { ...headers, 'content-encoding': 'gzip' } })
}

function stream(bytes: number): Response {
  let left = bytes
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const block = patternBlock.subarray(0, Math.min(left, patternBlock.length))
      left -= block.length
      controller.enqueue(block)
      if (left === 0) controller.close()
    },
  })
  return new Response(body, { headers: { ...fresh, 'content-type': 'application/octet-stream' } })
}

async function upload(request: Request, megabytesPerSecond: number): Promise<Response> {
  let bytes = 0
  let crc = 0
  const startMs = realClock.monotonicMs()
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    crc = crc32(chunk, crc)
    const dueMs = bytes / (megabytesPerSecond * 1000)
    const aheadMs = dueMs - (realClock.monotonicMs() - startMs)
    if (aheadMs > 1) await pause(aheadMs)
  }
  counters.uploadedBytes = bytes
  counters.uploadedCrc = crc
  return new Response('thank you', { headers: { 'cache-control': 'no-store' } })
}

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  idleTimeout: 255,
  maxRequestBodySize: 4 * 1024 ** 3,
  fetch: answer,
})
