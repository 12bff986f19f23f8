// The route table: the first route that matches wins.
import { expect, test } from 'bun:test'
import { openPolicy } from '../../cache/policy.ts'
import { hostMatcher, pathMatcher, type Matcher } from './pattern.ts'
import { noBypass, type Route } from './route.ts'
import { everyPath, RouteTable, type RouteRow } from './table.ts'

const route = (name: string): Route => ({
  name,
  service: { name: 'site', index: 0 },
  policy: openPolicy,
  ignoredCookie: () => false,
  ignoredParameter: undefined,
  rates: undefined,
  bodyBytesMax: Infinity,
  mark: '',
  rule: undefined,
  bypass: noBypass,
})

const row = (name: string, path: string, host?: string): RouteRow => ({
  route: route(name),
  hosts: host === undefined ? undefined : [hostMatcher(host) as Matcher],
  path: path === '/*' ? everyPath : (pathMatcher(path) as Matcher),
})

test('the first route that matches wins', () => {
  const table = new RouteTable([row('one', '/a/*'), row('two', '/a/b'), row('rest', '/*')])
  expect(table.match('h', '/a/b')?.name).toBe('one')
  expect(table.match('h', '/b')?.name).toBe('rest')
})

test('the query does not count', () => {
  const table = new RouteTable([row('exact', '/a'), row('suffix', '*.jpg')])
  expect(table.match('h', '/a?b=/x')?.name).toBe('exact')
  expect(table.match('h', '/x?a.jpg')).toBeUndefined()
  expect(table.match('h', '/x.jpg?v=1')?.name).toBe('suffix')
})

test('empty segments do not count', () => {
  const table = new RouteTable([row('exact', '/a/b'), row('slashes', '/web//x/*'), row('rest', '/*.x')])
  for (const path of ['//a/b', '/a//b', '/a///b?c']) expect(table.match('h', path)?.name).toBe('exact')
  for (const path of ['/web/x/y', '/web//x//y']) expect(table.match('h', path)?.name).toBe('slashes')
})

test('a route with a host takes that host alone', () => {
  const table = new RouteTable([row('blog', '/*', 'blog.example.com'), row('rest', '/a')])
  expect(table.match('blog.example.com', '/a')?.name).toBe('blog')
  expect(table.match('example.com', '/a')?.name).toBe('rest')
  expect(table.match('example.com', '/b')).toBeUndefined()
})

test('a single open route takes every request, also OPTIONS *', () => {
  const table = new RouteTable([row('all', '/*')])
  expect(table.match('', '*')?.name).toBe('all')
  expect(table.match('any', '/x?y')?.name).toBe('all')
})

test('a table without routes takes nothing', () => {
  expect(new RouteTable([]).match('h', '/')).toBeUndefined()
})
