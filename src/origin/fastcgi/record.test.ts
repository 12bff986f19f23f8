// Records, read from any split of their octets, and pairs of any length.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { end, readPairs, record, stderr, stdout } from '../../../testing/fastcgi.ts'
import { pairText, PairWriter } from './name-values.ts'
import { RecordReader } from './record.ts'

/** What comes of octets in these pieces: streams joined, in the order of their pieces. */
function read(pieces: readonly Uint8Array[]): string {
  const reader = new RecordReader()
  let told = ''
  let last = ''
  for (const octets of pieces) {
    for (let at = 0; ; at = reader.next) {
      const step = reader.step(octets, at, octets.length)
      if (step === 'more') break
      if (step === 'invalid') return `${told} invalid: ${reader.problem}`
      if (step === 'end') told += ` end ${reader.protocolStatus}`
      else {
        if (step !== last) told += ` ${step} `
        told += Buffer.from(octets.subarray(reader.from, reader.to)).toString('latin1')
      }
      last = step
    }
  }
  return told
}

const octet = fc.integer({ min: 0, max: 255 })
const text = fc.array(fc.constantFrom('a', 'b', '\x00', '\xff'), { maxLength: 40 }).map((all) => all.join(''))
const anyRecord = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(text, octet).map(([content, padding]) => stdout(content, padding)) },
  { weight: 2, arbitrary: text.map(stderr) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map(end) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(octet, text, octet, fc.constantFrom(0, 1, 257))
      .map(([type, content, padding, id]) => record(type, content, padding, id)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
)

test('any split of the octets is read as the whole', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 6 }), fc.array(fc.nat(200)), (records, cuts) => {
      const octets = Buffer.concat(records)
      const pieces: Buffer[] = []
      let from = 0
      for (const cut of cuts) {
        pieces.push(octets.subarray(from, from + cut))
        from = Math.min(octets.length, from + cut)
      }
      pieces.push(octets.subarray(from))
      expect(read(pieces)).toBe(read([octets]))
      expect(read(Array.from(octets, (one) => Uint8Array.of(one)))).toBe(read([octets]))
    }),
  )
})

test('streams and the end of a request are told, padding and empty records are not', () => {
  expect(read([Buffer.concat([stdout('ab', 6), stderr('oh'), stdout(''), stdout('c'), end(2)])])).toBe(
    ' stdout ab stderr oh stdout c end 2',
  )
})

test.each([
  ['another version', Buffer.from([2, 6, 0, 1, 0, 0, 0, 0]), 'record version 2'],
  ['HTTP', Buffer.from('HTTP/1.1 200 OK'), 'record version 72'],
  ['another request', record(6, 'a', 0, 2), 'a record of a request that was not made'],
  ['a management record', record(10, '', 0, 0), 'a record of a request that was not made'],
  ['what only a client sends', record(5, 'a'), 'a record of type 5'],
  ['a short END_REQUEST', record(3, 'abc'), 'an END_REQUEST of another size'],
])('%s is invalid', (_, octets, problem) => {
  expect(read([octets])).toBe(` invalid: ${problem}`)
})

test('pairs of any length are read as they were written', () => {
  const long = fc.oneof(text, fc.constantFrom('x'.repeat(127), 'x'.repeat(128), 'y'.repeat(70_000)))
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(long, long), { selector: ([name]) => name, maxLength: 5 }),
      (pairs) => {
        const writer = new PairWriter()
        for (const [name, value] of pairs) writer.pair(Uint8Array.from(Buffer.from(name, 'latin1')), value)
        expect([...readPairs(writer.octets.subarray(0, writer.at))]).toEqual(pairs)
        const joined = pairs.map(([name, value]) => pairText(name, value)).join('')
        expect([...readPairs(Buffer.from(joined, 'latin1'))]).toEqual(pairs)
      },
    ),
  )
})
