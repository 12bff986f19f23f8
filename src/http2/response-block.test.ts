// Field blocks of responses: read by another reader they say what they were made from.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { readFieldBlock } from '../../testing/field-block.ts'
import { Fields } from '../http/fields.ts'
import { fieldsBlock, keptLineBlock, lineBlock, linesBlock, statusBlock } from './response-block.ts'

const lines = (block: string) => readFieldBlock(Buffer.from(block, 'latin1'))

test('statuses', () => {
  expect(statusBlock(200)).toBe('\x88')
  for (const status of [100, 103, 200, 204, 206, 302, 304, 400, 404, 418, 500, 503])
    expect(lines(statusBlock(status))).toEqual([[':status', String(status)]])
})

const name = fc.constantFrom('Content-Type', 'ETag', 'X-One', 'set-cookie', 'cache-status', 'age')
const value = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((c) => String.fromCharCode(c)),
  maxLength: 400,
})

test('lines', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (all) => {
      const expected = all.map(([key, text]): [string, string] => [key.toLowerCase(), text])
      expect(lines(fieldsBlock(Fields.of(all)))).toEqual(expected)
      expect(lines(expected.map(([key, text]) => lineBlock(key, text)).join(''))).toEqual(expected)
      expect(lines(expected.map(([key, text]) => keptLineBlock(key, text)).join(''))).toEqual(expected)
    }),
  )
})

test('lines in HTTP/1.1 form', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (all) => {
      const text = all.map(([key, each]) => `${key}: ${each}\r\n`).join('')
      const octets = Buffer.from(`xx${text}yy`, 'latin1')
      const block = linesBlock(octets, 2, octets.length - 2, Buffer.alloc(2 * octets.length))
      expect(lines(block)).toEqual(all.map(([key, each]) => [key.toLowerCase(), each]))
    }),
  )
})

test('what is kept is shorter where it can be', () => {
  const [key, text] = ['cache-status', 'Myriad; hit; ttl=41; detail=fresh']
  expect(keptLineBlock(key, text).length).toBeLessThan(lineBlock(key, text).length)
  expect(keptLineBlock('x', '<<<<')).toBe(lineBlock('x', '<<<<'))
})
