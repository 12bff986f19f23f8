// As whom PHP runs: never as root; and whether that user can read the site.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { groupsOf, siteUser, unreadable, usersIn, type Access } from './php-fpm-user.ts'

const passwd = `root:x:0:0:root:/root:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
ada:x:1000:1000:Ada:/srv/ada:/bin/bash
odd line
`
const users = usersIn(passwd)
const ada = users.find(({ name }) => name === 'ada')!
const web = users.find(({ name }) => name === 'www-data')!
const ofGroup = (path: string): Access => (path === '/' ? owned(0) : { uid: 1000, gid: 50, mode: 0o040 })
const owned = (uid: number, mode = 0o755): Access => ({ uid, gid: uid, mode })

test('the owner of the site, or the user of web servers when it belongs to root', () => {
  expect(siteUser(owned(1000), users)?.name).toBe('ada')
  expect(siteUser(owned(0), users)?.name).toBe('www-data')
  expect(siteUser(owned(4711), users)).toEqual({ name: '4711', uid: 4711, gid: 4711 })
})

test('never root', () => {
  expect(siteUser(owned(0), [])).toBeUndefined()
  expect(siteUser(owned(0), [{ name: 'www-data', uid: 0, gid: 0 }])).toBeUndefined()
  fc.assert(fc.property(fc.nat(), (uid) => expect(siteUser(owned(uid), users)?.uid).not.toBe(0)))
})

test('a home that others may not enter', () => {
  const tree: Readonly<Record<string, Access>> = {
    '/': owned(0),
    '/srv': owned(0),
    '/srv/ada': owned(1000, 0o700),
    '/srv/ada/index.php': owned(1000, 0o644),
  }
  const accessOf = (path: string): Access => tree[path]!
  expect(unreadable('/srv/ada/index.php', web, [33], accessOf)).toBe('/srv/ada')
  expect(unreadable('/srv/ada/index.php', ada, [1000], accessOf)).toBeUndefined()
})

test('a group may be enough, and the owner is judged by his own bits alone', () => {
  expect(unreadable('/a', web, groupsOf(web, 'staff:x:50:ada,www-data\n'), ofGroup)).toBeUndefined()
  expect(unreadable('/a', web, groupsOf(web, 'staff:x:50:ada\n'), ofGroup)).toBe('/a')
  expect(unreadable('/a', ada, [1000, 50], ofGroup)).toBe('/a')
})
