// Finding the ends of responses.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { crc32 } from 'node:zlib'
import { ResponseReader, type Answer } from './response-reader.ts'

function read(chunks: readonly Buffer[]): Answer[] {
  const answers: Answer[] = []
  const reader = new ResponseReader((answer) => answers.push(answer), true)
  for (const chunk of chunks) reader.feed(chunk)
  return answers
}

const wire = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')

const several = wire(
  [
    'HTTP/1.1 200 OK\nContent-Length: 5\nContent-Encoding: gzip\n\nhello',
    'HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n',
    'HTTP/1.1 103 Early Hints\nLink: </a>\n\n',
    'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n6;a=b\n world\n0\nX-Trailer: 1\n\n',
    'HTTP/1.1 404 Not Found\nContent-Length: 0\n\n',
  ].join(''),
)

const found: Answer[] = [
  { status: 200, coding: 'gzip', bytes: 5, crc: crc32('hello') },
  { status: 304, coding: 'identity', bytes: 0, crc: 0 },
  { status: 200, coding: 'identity', bytes: 11, crc: crc32('hello world') },
  { status: 404, coding: 'identity', bytes: 0, crc: 0 },
]

describe('ResponseReader', () => {
  test('reads Content-Length, chunked, 304 without content and interim responses', () => {
    expect(read([several])).toEqual(found)
  })

  test('gives the same answers however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(several.length), { maxLength: 20 }), (cuts) => {
        const ends = [0, ...cuts.toSorted((a, b) => a - b), several.length]
        expect(read(ends.slice(1).map((end, i) => several.subarray(ends[i], end)))).toEqual(found)
      }),
    )
  })

  test('keeps its own copy of bytes that it cannot use yet', () => {
    const head = wire('HTTP/1.1 200 OK\nContent-Le')
    const answers: Answer[] = []
    const reader = new ResponseReader((answer) => answers.push(answer))
    reader.feed(head)
    head.fill(0)
    reader.feed(wire('ngth: 2\n\nok'))
    expect(answers.map(({ status, bytes }) => [status, bytes])).toEqual([[200, 2]])
  })

  test('refuses a response whose end it could not find', () => {
    expect(() => read([wire('HTTP/1.1 200 OK\n\n')])).toThrow('without a length')
  })
})
