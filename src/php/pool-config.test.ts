import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { addressOf, readPools } from './pool-config.ts'

const read = (files: Readonly<Record<string, string>>, path = '/etc/php-fpm.conf') =>
  readPools(path, {
    read: (name) => files[name],
    matching(pattern) {
      const parts = pattern.split('*').map((part) => part.replaceAll(/\W/g, String.raw`\$&`))
      return Object.keys(files).filter((name) => new RegExp(`^${parts.join('[^/]*')}$`).test(name))
    },
  })

test('pools with all that is asked for, from files that are included', () => {
  const pools = read({
    '/etc/php-fpm.conf': '[global]\npid = /run/php.pid\n; a comment\ninclude=/etc/pool.d/*.conf\n',
    '/etc/pool.d/www.conf': `[www]
user = www-data ; as Debian has it
group = "www-data"
listen = /run/php/$pool.sock
pm.max_children = 5
pm.status_path = '/status'
pm.status_listen = 127.0.0.1:9001
;listen.allowed_clients = 127.0.0.1
`,
    '/etc/pool.d/jail.conf': '[jail]\r\nlisten = 9000\r\nchroot = /srv/jail\r\n',
    '/etc/other.conf': '[other]\nlisten = 9002\n',
  })
  expect(pools).toEqual([
    {
      name: 'www',
      address: { kind: 'unix', path: '/run/php/www.sock' },
      user: 'www-data',
      group: 'www-data',
      chroot: undefined,
      statusPath: '/status',
      statusAddress: { kind: 'tcp', host: '127.0.0.1', port: 9001 },
      childrenMax: 5,
    },
    {
      name: 'jail',
      address: { kind: 'tcp', host: '127.0.0.1', port: 9000 },
      user: undefined,
      group: undefined,
      chroot: '/srv/jail',
      statusPath: undefined,
      statusAddress: undefined,
      childrenMax: undefined,
    },
  ])
})

test('a pool in two parts is one, its later values hold, and one that listens nowhere is none', () => {
  const text = '[a]\nlisten = 9000\n[b]\nuser = x\n[a]\nlisten = 9001\n'
  expect(read({ '/etc/php-fpm.conf': text }).map(({ name, address }) => [name, address])).toEqual([
    ['a', { kind: 'tcp', host: '127.0.0.1', port: 9001 }],
  ])
})

test.each([
  ['/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ['9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
  ['*:9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
  ['0.0.0.0:9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
  ['[::]:9000', { kind: 'tcp', host: '::1', port: 9000 }],
  ['[::1]:9000', { kind: 'tcp', host: '::1', port: 9000 }],
  ['php.internal:9000', { kind: 'tcp', host: 'php.internal', port: 9000 }],
  ['70000', undefined],
  ['${SOCKET}', undefined],
  ['', undefined],
])('%p is read as an address', (text, address) => {
  expect(addressOf(text)).toEqual(address as ReturnType<typeof addressOf>)
})

test('a relative socket lies below the prefix', () => {
  expect(addressOf('run/a.sock', '/srv/php/')).toEqual({ kind: 'unix', path: '/srv/php/run/a.sock' })
  expect(addressOf('run/a.sock')).toBeUndefined()
})

test('a configuration that includes itself comes to an end', () => {
  const files = {
    '/etc/php-fpm.conf': 'include = /etc/*.conf\n[a]\nlisten = 1\n',
    '/etc/b.conf': 'include = /etc/*.conf\n',
  }
  expect(read(files).map(({ name }) => name)).toEqual(['a'])
})

test('whatever stands in a file, what is read are pools with a name and an address', () => {
  const piece = fc.constantFrom(
    '[a]',
    '[',
    'listen',
    '=',
    '/x',
    ' ',
    '\n',
    ';',
    '"',
    "'",
    '$pool',
    'include',
    '9',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (parts) => {
      for (const pool of read({ '/etc/php-fpm.conf': parts.join('') })) {
        expect(typeof pool.name).toBe('string')
        expect(['unix', 'tcp']).toContain(pool.address.kind)
      }
    }),
    { numRuns: 500 },
  )
})
