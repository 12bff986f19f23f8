import { describe, expect, test } from 'bun:test'
import { fileAnswer, type FileAsk, type FileForm } from './answer.ts'

const nowMs = Date.UTC(2026, 0, 2)
const lastModifiedMs = Date.UTC(2026, 0, 1)
const form: FileForm = {
  bytes: 1000,
  contentType: 'image/png',
  coding: undefined,
  varies: false,
  validators: { etag: '"v"', lastModifiedMs },
  fingerprinted: false,
}
const plain: FileAsk = {
  method: 'GET',
  range: undefined,
  ifRange: undefined,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
}

/** What an answer says, in one line. */
function told(ask: Partial<FileAsk>, changed: Partial<FileForm> = {}): string {
  const { status, fields, part } = fileAnswer({ ...plain, ...ask }, { ...form, ...changed }, nowMs)
  const range = fields.get('content-range')
  const body = part === undefined ? 'nothing' : `${part.bytes} from ${part.first}`
  return `${status}: ${body}${range === undefined ? '' : `, ${range}`}`
}

describe('a file', () => {
  test('is sent with what a cache needs to know of it', () => {
    const { status, fields, part } = fileAnswer(plain, form, nowMs)
    expect([status, part]).toEqual([200, { first: 0, bytes: 1000 }])
    expect(Object.fromEntries(fields)).toEqual({
      'Content-Type': 'image/png',
      'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      ETag: '"v"',
      'Cache-Control': 'public, max-age=0, must-revalidate',
      'Accept-Ranges': 'bytes',
      'Content-Length': '1000',
    })
  })

  test('whose name tells its content is kept for a year', () => {
    const { fields } = fileAnswer(plain, { ...form, fingerprinted: true }, nowMs)
    expect(fields.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  test('that is young is not to be kept, whatever its name', () => {
    const young = { ...form, validators: undefined, fingerprinted: true }
    const { fields } = fileAnswer(plain, young, nowMs)
    expect(fields.get('cache-control')).toBe('no-cache')
    expect(fields.has('etag') || fields.has('last-modified')).toBe(false)
  })

  test('in another coding says so', () => {
    const { fields } = fileAnswer(plain, { ...form, coding: 'br', varies: true }, nowMs)
    expect([fields.get('content-encoding'), fields.get('vary')]).toEqual(['br', 'Accept-Encoding'])
  })

  test.each<[string, Partial<FileAsk>, string]>([
    ['HEAD', { method: 'HEAD' }, '200: nothing'],
    ['HEAD with a range', { method: 'HEAD', range: 'bytes=0-1' }, '200: nothing'],
    ['the same tag', { ifNoneMatch: '"v"' }, '304: nothing'],
    ['the same tag, weak, in a list', { ifNoneMatch: '"u", W/"v"' }, '304: nothing'],
    ['another tag', { ifNoneMatch: '"u"' }, '200: 1000 from 0'],
    ['the same date', { ifModifiedSince: 'Thu, 01 Jan 2026 00:00:00 GMT' }, '304: nothing'],
    ['an earlier date', { ifModifiedSince: 'Wed, 31 Dec 2025 23:59:59 GMT' }, '200: 1000 from 0'],
    [
      'another tag and the same date',
      { ifNoneMatch: '"u"', ifModifiedSince: 'Thu, 01 Jan 2026 00:00:00 GMT' },
      '200: 1000 from 0',
    ],
    ['a range', { range: 'bytes=10-19' }, '206: 10 from 10, bytes 10-19/1000'],
    ['the end', { range: 'bytes=-5' }, '206: 5 from 995, bytes 995-999/1000'],
    ['all as a range', { range: 'bytes=0-' }, '206: 1000 from 0, bytes 0-999/1000'],
    ['ranges that touch', { range: 'bytes=0-4,5-9' }, '206: 10 from 0, bytes 0-9/1000'],
    ['several ranges', { range: 'bytes=0-4,50-59' }, '200: 1000 from 0'],
    ['past the end', { range: 'bytes=1000-' }, '416: nothing, bytes */1000'],
    ['no range of bytes', { range: 'lines=1-2' }, '200: 1000 from 0'],
    ['a broken range', { range: 'bytes=9-1' }, '200: 1000 from 0'],
    ['a range of this version', { range: 'bytes=0-0', ifRange: '"v"' }, '206: 1 from 0, bytes 0-0/1000'],
    ['a range of another version', { range: 'bytes=0-0', ifRange: '"u"' }, '200: 1000 from 0'],
    ['a range of a weak version', { range: 'bytes=0-0', ifRange: 'W/"v"' }, '200: 1000 from 0'],
    ['a version that must match', { ifMatchTags: '"u", "v"' }, '200: 1000 from 0'],
    ['a version that does not', { ifMatchTags: '"u"' }, '412: nothing'],
    ['any version', { ifMatchTags: '*' }, '200: 1000 from 0'],
  ])('%s', (_, ask, expected) => {
    expect(told(ask)).toBe(expected)
  })

  test('that is empty has no body and no range', () => {
    expect(told({}, { bytes: 0 })).toBe('200: nothing')
    expect(told({ range: 'bytes=0-' }, { bytes: 0 })).toBe('416: nothing, bytes */0')
  })

  test('that is young is sent, whatever the client has', () => {
    const young = { validators: undefined }
    expect(told({ ifModifiedSince: 'Fri, 02 Jan 2026 00:00:00 GMT' }, young)).toBe('200: 1000 from 0')
    expect(told({ ifNoneMatch: '*' }, young)).toBe('200: 1000 from 0')
    expect(told({ range: 'bytes=0-1', ifRange: 'Fri, 02 Jan 2026 00:00:00 GMT' }, young)).toBe(
      '200: 1000 from 0',
    )
  })
})
