// The forms in which a stored response answers: whole, not modified, in parts, not at all.
import { describe, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'
import type { FakeReply } from '../../testing/fake-reply.ts'

const modified = 'Thu, 01 Jan 2026 00:00:00 GMT'
const fields = {
  'Cache-Control': 'max-age=60',
  'Content-Type': 'text/plain',
  'Last-Modified': 'Wed, 31 Dec 2025 00:00:00 GMT',
  ETag: '"v"',
  'X-One': '1',
}

/** The answer for a stored `0123456789` to a request with these fields. */
function answer(asked: Readonly<Record<string, string>>, method = 'GET', body = '0123456789'): FakeReply {
  const engine = new TestEngine()
  engine.exchange({}, fields, body)
  engine.clock.advance(3_000)
  const { reply, call } = engine.ask({ method, fields: asked })
  expect(call).toBeUndefined()
  return reply
}

describe('conditions', () => {
  test.each([
    [{ 'If-None-Match': '"v"' }, 304],
    [{ 'If-None-Match': '"u", W/"v"' }, 304],
    [{ 'If-None-Match': '*' }, 304],
    [{ 'If-None-Match': '"u"' }, 200],
    [{ 'If-Modified-Since': modified }, 304],
    [{ 'If-Modified-Since': 'Tue, 30 Dec 2025 00:00:00 GMT' }, 200],
    [{ 'If-Modified-Since': 'yesterday' }, 200],
    [{ 'If-None-Match': '"u"', 'If-Modified-Since': modified }, 200],
    [{ 'If-None-Match': '"v"', Range: 'bytes=0-1' }, 304],
  ] as [Record<string, string>, number][])('%j: %d', (asked, status) => {
    expect(answer(asked).status).toBe(status)
    const head = answer(asked, 'HEAD')
    expect([head.status, head.body]).toEqual([status, ''])
  })

  test('a 304 tells what a copy is updated with, and nothing else', () => {
    const reply = answer({ 'If-None-Match': '"v"' })
    expect(reply.body).toBe('')
    expect(reply.head!.fields.keys.toSorted()).toEqual(
      ['age', 'cache-control', 'cache-status', 'date', 'etag', 'last-modified', 'vary', 'via'].filter(
        (key) => key !== 'vary' || reply.head!.fields.has('vary'),
      ),
    )
    expect([reply.field('age'), reply.field('etag'), reply.reason]).toEqual(['3', '"v"', 'fresh'])
  })

  test('who has a copy is counted apart', () => {
    const engine = new TestEngine()
    engine.exchange({}, fields)
    engine.ask({ fields: { 'If-None-Match': '"v"' } })
    expect(engine.records.at(-1)).toEqual({ tier: 'browser', reason: 'fresh', status: 304 })
  })
})

describe('ranges', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-20', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
    ['bytes=1-2,3-4', '1234', 'bytes 1-4/10'],
  ])('%s is %s', (range, body, contentRange) => {
    const reply = answer({ Range: range })
    expect([reply.status, reply.body, reply.field('content-range')]).toEqual([206, body, contentRange])
    expect(reply.field('content-length')).toBe(String(body.length))
    expect([reply.field('etag'), reply.field('x-one'), reply.field('age')]).toEqual(['"v"', '1', '3'])
  })

  test.each(['bytes=10-', 'bytes=-0', 'bytes=99-100'])('%s is not there', (range) => {
    const reply = answer({ Range: range })
    expect([reply.status, reply.body, reply.field('content-range')]).toEqual([416, '', 'bytes */10'])
    expect([reply.field('content-length'), reply.field('etag')]).toEqual(['0', undefined])
  })

  test.each([
    ['items=0-1', {}],
    ['bytes=4-2', {}],
    ['bytes=x', {}],
    ['bytes=0-1', { 'If-Range': '"u"' }],
    ['bytes=0-1', { 'If-Range': 'W/"v"' }],
    ['bytes=0-1', { 'If-Range': modified }],
  ])('%s with %j: the whole', (range, more) => {
    expect(answer({ Range: range, ...more })).toMatchObject({ status: 200, body: '0123456789' })
  })

  test.each(['"v"', 'Wed, 31 Dec 2025 00:00:00 GMT'])('If-Range: %s holds', (validator) => {
    expect(answer({ Range: 'bytes=0-1', 'If-Range': validator }).status).toBe(206)
  })

  test('are for GET alone', () => {
    expect(answer({ Range: 'bytes=0-1' }, 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  test('far apart are several parts, whose length is told', () => {
    const body = Array.from({ length: 1000 }, (_, i) => String(i % 10)).join('')
    const reply = answer({ Range: 'bytes=900-901,0-2,5-5,-1' }, 'GET', body)
    expect(reply.status).toBe(206)
    expect(reply.field('content-type')).toBe('multipart/byteranges; boundary=boundary')
    expect(reply.field('content-length')).toBe(String(reply.bytes.length))
    expect(reply.body).toBe(
      [
        '\r\n--boundary\r\nContent-Type: text/plain\r\nContent-Range: bytes 900-901/1000\r\n\r\n01',
        '\r\n--boundary\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-5/1000\r\n\r\n012345',
        '\r\n--boundary\r\nContent-Type: text/plain\r\nContent-Range: bytes 999-999/1000\r\n\r\n9',
        '\r\n--boundary--\r\n',
      ].join(''),
    )
  })

  test('of an answer that is an error are not asked for', () => {
    const engine = new TestEngine()
    engine.exchange({}, { 'Cache-Control': 'max-age=60' }, 'not here', 404)
    expect(engine.ask({ fields: { Range: 'bytes=0-1' } }).reply).toMatchObject({
      status: 404,
      body: 'not here',
    })
  })

  test('on a miss are asked of the origin; if that sends the whole, the whole is sent and stored', () => {
    const engine = new TestEngine()
    const reply = engine.exchange({ fields: { Range: 'bytes=0-1' } }, fields, '0123456789')
    expect(engine.origin.last.field('range')).toBe('bytes=0-1')
    expect(reply).toMatchObject({ status: 200, body: '0123456789' })
    expect(engine.ask({ fields: { Range: 'bytes=0-1' } }).reply).toMatchObject({ status: 206, body: '01' })
  })
})
