// Heads as they go out.
import { expect, test } from 'bun:test'
import { AssertionError } from '../base/assert.ts'
import { fieldsOf } from '../../testing/exchange.ts'
import { fieldLines, headOctets, statusLine } from './head-writer.ts'

test('a status line has the phrase that came, or the one that is known, or none', () => {
  expect(statusLine(200, 'Fine')).toBe('HTTP/1.1 200 Fine\r\n')
  expect(statusLine(502, '')).toBe('HTTP/1.1 502 Bad Gateway\r\n')
  expect(statusLine(299, '')).toBe('HTTP/1.1 299 \r\n')
})

test('field lines keep their order and spelling', () => {
  expect(fieldLines(fieldsOf({ 'X-b': '1', A: ['2', '3'] }))).toBe('X-b: 1\r\nA: 2\r\nA: 3\r\n')
})

test('a head with a line break that is not the end of a line never leaves', () => {
  expect(headOctets('HTTP/1.1 200 OK\r\nA: ä\r\n\r\n')).toEqual(
    Buffer.from('HTTP/1.1 200 OK\r\nA: \xe4\r\n\r\n', 'latin1'),
  )
  for (const bad of [
    'A: b',
    'A: b\r\n',
    'A: b\n\r\n\r\n',
    'A: b\r\r\n\r\n',
    'A: b\0\r\n\r\n',
    'A: b\r\n\r\nC: d\r\n\r\n',
  ])
    expect(() => headOctets(`HTTP/1.1 200 OK\r\n${bad}`)).toThrow(AssertionError)
})
