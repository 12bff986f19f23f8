// Hosts as they are asked under.
import { expect, test } from 'bun:test'
import { normalAuthority } from './authority.ts'

test.each([
  ['A.Test', 'a.test'],
  ['a.test:', 'a.test'],
  ['a.test:80', 'a.test'],
  ['a.test:080', 'a.test'],
  ['a.test:8080', 'a.test:8080'],
  ['a.test:443', 'a.test:443'],
  ['127.0.0.1:65535', '127.0.0.1:65535'],
  ['[::1]', '[::1]'],
  ['[2001:DB8::A]:8080', '[2001:db8::a]:8080'],
  ['[::ffff:1.2.3.4]', '[::ffff:1.2.3.4]'],
  ['a_b-c~d', 'a_b-c~d'],
])('%s is %s', (text, normal) => {
  expect(normalAuthority(text, 'http')).toBe(normal)
  expect(normalAuthority(normal, 'http')).toBe(normal)
})

const name = (length: number): string => `${'a'.repeat(63)}.`.repeat(5).slice(0, length)

test('a name may be as long as names are, and no longer', () => {
  expect(normalAuthority(`${name(255)}:65535`, 'http')).toBe(`${name(255)}:65535`)
  expect(normalAuthority(`${name(256)}:65535`, 'http')).toBeUndefined()
  expect(normalAuthority(name(256), 'http')).toBeUndefined()
})

test('the default port is the scheme’s', () => {
  expect(normalAuthority('a.test:443', 'https')).toBe('a.test')
  expect(normalAuthority('a.test:443', 'http')).toBe('a.test:443')
  expect(normalAuthority('a.test:80', 'https')).toBe('a.test:80')
})

test.each([
  '',
  ':80',
  'a b',
  'a.test:0',
  'a.test:65536',
  'a.test:123456',
  'a.test:8x',
  'a.test:80:80',
  'u@a.test',
  'a.test/',
  'a.test?',
  'a.test#',
  'a%2etest',
  'a,b',
  '::1',
  '[::1',
  '[]',
  '[::g]',
  '[1.2.3.4]',
  '[::1]a',
  'ä.test',
  'a.test\n',
  'a.test\r\nX: y',
])('%p is none', (text) => {
  expect(normalAuthority(text, 'http')).toBeUndefined()
  expect(normalAuthority(text, 'http')).toBeUndefined()
})
