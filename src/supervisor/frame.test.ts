// The framing of messages: whatever was written is read, in any pieces; anything else is refused and never hangs.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { frame, FrameError, FrameReader, MESSAGE_BYTES_MAX, PROTOCOL } from './frame.ts'

const pieces = (octets: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].toSorted((a, b) => a - b)
  return [...ends, octets.length].map((end, i) => octets.subarray(i === 0 ? 0 : ends[i - 1], end))
}

test('messages come out as they went in, however the octets are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 9 }),
      (sent, cuts) => {
        const reader = new FrameReader()
        const octets = Buffer.concat(sent.map(frame))
        const read = pieces(octets, cuts).flatMap((piece) => reader.push(piece))
        expect(read).toEqual(JSON.parse(JSON.stringify(sent)))
      },
    ),
  )
})

test('arbitrary octets give messages or a FrameError, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, versioned) => {
      const reader = new FrameReader()
      const piece = Buffer.from(versioned ? [PROTOCOL, 0, 0, 0, ...octets] : octets)
      try {
        reader.push(piece)
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
      }
    }),
  )
})

test('a length over the limit is refused before anything of it has come', () => {
  const head = Buffer.from([PROTOCOL, 0, 0, 0, 0])
  head.writeUInt32BE(MESSAGE_BYTES_MAX + 1, 1)
  expect(() => new FrameReader().push(head)).toThrow('too long')
})

test('another version is named', () => {
  const octets = frame({})
  octets[0] = PROTOCOL + 1
  expect(() => new FrameReader().push(octets)).toThrow(`version ${PROTOCOL + 1}`)
})
