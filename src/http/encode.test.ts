import { afterAll, describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import zlib from 'node:zlib'
import { free } from '../base/free.ts'
import { type ContentCoding, encode, encodedAtOnceBytesMax } from './encode.ts'

const codings = ['gzip', 'br', 'zstd'] as const

const decoders: Record<ContentCoding, (coded: Uint8Array) => Uint8Array> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
}

/** Text that compresses about as HTML does. */
function page(bytes: number): Buffer {
  const rows = Array.from(
    { length: Math.ceil(bytes / 60) },
    (_, i) => `<tr id="r${i}"><td>${(i * 7919) % 10_007}</td></tr>\n`,
  )
  return Buffer.from(rows.join('').repeat(3).slice(0, bytes))
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const url = new URL(request.url)
    const coding = url.pathname.slice(1) as ContentCoding
    const coded = await encode(page(Number(url.searchParams.get('bytes'))), coding)
    return new Response(coded as Uint8Array<ArrayBuffer>, { headers: { 'Content-Encoding': coding } })
  },
})
afterAll(() => server.stop(true))

/** What curl says that it decodes, in its own words. */
const curlFeatures = Bun.which('curl') ? Bun.spawnSync(['curl', '--version']).stdout.toString() : ''
const curlDecodes = { gzip: 'libz', br: 'brotli', zstd: 'zstd' }

describe.each(codings)('encode, %s', (coding) => {
  test('whatever is coded decodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (body) =>
        same(decoders[coding](encode(body, coding) as Uint8Array), body),
      ),
      { numRuns: 100 },
    )
  })

  test('a short body is coded at once, a long one later', async () => {
    const short = encode(page(encodedAtOnceBytesMax), coding)
    expect(short).toBeInstanceOf(Uint8Array)
    const long = encode(page(encodedAtOnceBytesMax + 1), coding)
    expect(long).toBeInstanceOf(Promise)
    expect(same(decoders[coding](await long), page(encodedAtOnceBytesMax + 1))).toBe(true)
  })

  test.each([0, 1, 8192, 100_000, 3_000_000])('%p bytes of text survive', async (bytes) => {
    const body = page(bytes)
    const coded = await encode(body, coding)
    expect(same(decoders[coding](coded), body)).toBe(true)
    if (bytes > 1) expect(coded.length).toBeLessThan(bytes / 2)
  })

  test('a view into a larger buffer is coded alone', async () => {
    for (const bytes of [1000, 100_000]) {
      const buffer = Buffer.concat([Buffer.alloc(1024, 1), page(bytes), Buffer.alloc(10, 2)])
      const coded = await encode(buffer.subarray(1024, 1024 + bytes), coding)
      expect(same(decoders[coding](coded), page(bytes))).toBe(true)
    }
  })

  test('a body that is freed while another thread reads it is coded whole', async () => {
    const body = Buffer.from(new Uint8Array(page(4_000_000)))
    const coded = encode(body, coding)
    free(body)
    for (let i = 0; i < 20; i++) Buffer.alloc(4_000_000, i)
    expect(same(decoders[coding](await coded), page(4_000_000))).toBe(true)
  })

  test('the result shares its memory with nothing', async () => {
    for (const bytes of [100, 8192, 100_000]) {
      const coded = await encode(page(bytes), coding)
      expect(coded.buffer.byteLength).toBe(coded.byteLength)
    }
  })

  test.skipIf(!curlFeatures.includes(curlDecodes[coding]))('curl decodes it', async () => {
    for (const bytes of [0, 8192, 300_000]) {
      const curl = Bun.spawn(['curl', '--silent', '--compressed', `${server.url}${coding}?bytes=${bytes}`])
      const body = await new Response(curl.stdout).bytes()
      expect(await curl.exited).toBe(0)
      expect(same(body, page(bytes))).toBe(true)
    }
  })
})

test.each([
  ['gzip', 'gzip'],
  ['br', 'brotli'],
  ['zstd', 'zstd'],
] as const)('%s is decoded by the program %s', async (coding, program) => {
  if (!Bun.which(program)) return
  const decoder = Bun.spawn([program, '-d', '-c'], {
    stdin: new Blob([(await encode(page(100_000), coding)) as Uint8Array<ArrayBuffer>]),
  })
  const body = await new Response(decoder.stdout).bytes()
  expect(await decoder.exited).toBe(0)
  expect(same(body, page(100_000))).toBe(true)
})
