// When a request goes past the cache because its route says so.
import { expect, test } from 'bun:test'
import { bypassReason } from './bypass.ts'
import { pathMatcher, type Matcher } from './pattern.ts'
import { noBypass } from './route.ts'

test('nothing goes past the cache where nothing was configured', () => {
  expect(bypassReason(noBypass, 'GET', '/a', 'session=1')).toBeUndefined()
})

test('by the method', () => {
  const bypass = { ...noBypass, method: (method: string) => method === 'QUERY' }
  expect(bypassReason(bypass, 'QUERY', '/', undefined)).toBe('bypass-method')
  expect(bypassReason(bypass, 'GET', '/', undefined)).toBeUndefined()
})

test('by the path, without the query', () => {
  const bypass = { ...noBypass, path: (path: string) => path === '/admin' }
  expect(bypassReason(bypass, 'GET', '/admin?a=1', undefined)).toBe('bypass-path')
  expect(bypassReason(bypass, 'GET', '/x?/admin', undefined)).toBeUndefined()
})

test('by the path in all the spellings that a file system takes for the same', () => {
  const bypass = { ...noBypass, path: pathMatcher('/wp-admin/*') as Matcher }
  for (const path of ['/wp-admin/x', '//wp-admin/x', '/wp-admin//x?a//b', '///wp-admin/'])
    expect(bypassReason(bypass, 'GET', path, undefined)).toBe('bypass-path')
  expect(bypassReason(bypass, 'GET', '/x?//wp-admin/', undefined)).toBeUndefined()
})

test('by the name of any cookie, never by its value', () => {
  const bypass = { ...noBypass, cookie: (name: string) => name === 'session' }
  expect(bypassReason(bypass, 'GET', '/', '_ga=1; session=2')).toBe('bypass-cookie')
  expect(bypassReason(bypass, 'GET', '/', '_ga=session')).toBeUndefined()
  expect(bypassReason(bypass, 'GET', '/', undefined)).toBeUndefined()
})
