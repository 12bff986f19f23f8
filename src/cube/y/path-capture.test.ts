// What parts of a path pattern stand for: as the matcher of the same pattern sees it.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { pathCapture } from './path-capture.ts'
import { pathMatcher } from './pattern.ts'

test.each([
  ['/a/:b/*', '/a/x/y/z', { b: 'x', '*': 'y/z' }],
  ['*.jpg', '/a.jpg', { '*': '/a' }],
  ['/a', '/a', {}],
  ['/a', '/b', undefined],
  ['/:a/:b', '/x/y', { a: 'x', b: 'y' }],
  ['/:a/:b', '/x/y/z', undefined],
  ['/a.b(c)/*', '/a.b(c)/d', { '*': 'd' }],
  ['/a.b(c)/*', '/axb(c)/d', undefined],
])('%s of %s', (pattern, path, expected) => {
  const values = pathCapture(pattern).read(path)
  expect(values && Object.fromEntries(values)).toEqual(expected)
})

test('property: reads what the matcher matches, and its example is matched', () => {
  const piece = fc.constantFrom('/', 'a', ':b', '*', '.', 'é', '%7e', '(', '+')
  const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('')}`)
  const path = fc
    .array(fc.constantFrom('/', 'a', 'x', '.', '%C3%A9', '~', '(', '+'), { maxLength: 6 })
    .map((parts) => `/${parts.join('')}`)
  fc.assert(
    fc.property(pattern, path, (written, asked) => {
      const matches = pathMatcher(written)
      if (typeof matches !== 'function') return
      const capture = pathCapture(written)
      expect([written, asked, capture.read(asked) !== undefined]).toEqual([written, asked, matches(asked)])
      expect([written, matches(capture.example)]).toEqual([written, true])
    }),
    { numRuns: 2000 },
  )
})
