// The nearest right spelling.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { nearest } from './spelling.ts'

const words = ['listen', 'services', 'routes', 'edge', 'limits', 'tiers']

test('slips of the finger are found', () => {
  expect(nearest('sevices', words)).toBe('services')
  expect(nearest('litsen', words)).toBe('listen')
  expect(nearest('Route', words)).toBe('routes')
  expect(nearest('egde', words)).toBe('edge')
})

test('another word is not', () => {
  expect(nearest('shards', words)).toBeUndefined()
  expect(nearest('tls', words)).toBeUndefined()
  expect(nearest('', words)).toBeUndefined()
})

test('a word is nearest to itself, and any text is looked at', () => {
  for (const word of words) expect(nearest(word, words)).toBe(word)
  fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => void nearest(text, words)))
})
