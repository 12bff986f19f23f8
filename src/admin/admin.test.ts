// The control socket: what listens on it is found and asked, by nobody but its user.
import { afterAll, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../../testing/fake-clock.ts'
import { realTimers } from '../base/clock.ts'
import { Funnel } from '../observe/funnel.ts'
import { changeAt, purgeAt, running, statusOf } from './client.ts'
import { socketPath, socketPids } from './folder.ts'
import { listenForAdmin, type AdminAnswers } from './listener.ts'
import type { PurgeAsked } from './purge.ts'
import type { Status } from './status.ts'

const root = mkdtempSync(join(tmpdir(), 'myriad-admin-'))
afterAll(() => rmSync(root, { recursive: true }))

const status = (pid: number): Status => ({
  version: '1',
  pid,
  runningMs: 5,
  addresses: ['http://127.0.0.1:8080'],
  routes: [{ name: '/*', service: 'site' }],
  memory: { objects: 1, usedBytes: 2, budgetBytes: 3 },
  connections: 4,
  funnel: new Funnel(new FakeClock()).snapshot(),
  processes: [{ pid, runningMs: 5, restarts: 0 }],
})

/** What was ordered last. */
let ordered: PurgeAsked | undefined

const answers = (pid: number): AdminAnswers => ({
  status: () => Promise.resolve(status(pid)),
  purge(asked) {
    ordered = asked
    return Promise.resolve(
      asked.kind === 'all' ? { kind: 'purged', responses: 7 } : { kind: 'refused', error: asked.url },
    )
  },
  reload: () => Promise.resolve({ kind: 'refused', code: 2, error: 'wrong' }),
  upgrade: () => Promise.resolve({ kind: 'changed', lines: ['new'] }),
})

test('the status that is told is the status that is heard', async () => {
  const folder = join(root, 'one')
  const listener = listenForAdmin(folder, process.pid, answers(process.pid))
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  // JSON has no undefined: what is not known is absent.
  expect(await statusOf(folder, process.pid, realTimers)).toEqual(
    JSON.parse(JSON.stringify(status(process.pid))),
  )
  expect((await running(folder, realTimers)).map(({ pid }) => pid)).toEqual([process.pid])
  listener.stop()
  expect(await running(folder, realTimers)).toEqual([])
  expect(existsSync(socketPath(folder, process.pid))).toBe(false)
})

test('a purge is done, and told of, by the process that is asked', async () => {
  const folder = join(root, 'purge')
  const { path, stop } = listenForAdmin(folder, process.pid, answers(1))
  const purge = (asked: PurgeAsked) => purgeAt(folder, process.pid, realTimers, asked)
  expect(await purge({ kind: 'all' })).toEqual({ kind: 'purged', responses: 7 })
  expect(await purge({ kind: 'url', url: 'http://a.test/' })).toEqual({
    kind: 'refused',
    error: 'http://a.test/',
  })
  expect(ordered).toEqual({ kind: 'url', url: 'http://a.test/' })
  ordered = undefined
  for (const body of ['', '{', 'null', '{}', '{"kind":"some"}', '{"kind":"url"}', '{"kind":"url","url":1}'])
    expect((await fetch('http://localhost/purge', { unix: path, method: 'POST', body })).status).toBe(400)
  expect((await fetch('http://localhost/purge', { unix: path })).status).toBe(405)
  expect(ordered).toBeUndefined()
  stop()
  expect(await purge({ kind: 'all' })).toBeUndefined()
})

test('a change is answered with what became of it', async () => {
  const folder = join(root, 'change')
  const { path, stop } = listenForAdmin(folder, process.pid, answers(1))
  expect(await changeAt(folder, process.pid, realTimers, 'reload')).toEqual({
    kind: 'refused',
    code: 2,
    error: 'wrong',
  })
  expect(await changeAt(folder, process.pid, realTimers, 'upgrade')).toEqual({
    kind: 'changed',
    lines: ['new'],
  })
  for (const name of ['reload', 'upgrade'])
    expect((await fetch(`http://localhost/${name}`, { unix: path })).status).toBe(405)
  stop()
  expect(await changeAt(folder, process.pid, realTimers, 'reload')).toBeUndefined()
})

test('other paths and methods are refused', async () => {
  const folder = join(root, 'refused')
  const { path, stop } = listenForAdmin(folder, process.pid, answers(1))
  expect((await fetch('http://localhost/other', { unix: path })).status).toBe(404)
  expect((await fetch('http://localhost/status', { unix: path, method: 'POST' })).status).toBe(405)
  stop()
})

test('a socket that a dead process left behind is removed', async () => {
  const folder = join(root, 'dead')
  mkdirSync(folder, { mode: 0o700 })
  const child = Bun.spawn(['true'])
  await child.exited
  writeFileSync(socketPath(folder, child.pid), '')
  expect(socketPids(folder)).toEqual([child.pid])
  expect(await running(folder, realTimers)).toEqual([])
  expect(socketPids(folder)).toEqual([])
})

test('a folder that others can open is neither listened in nor asked', async () => {
  const folder = join(root, 'open')
  mkdirSync(folder)
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, '1.sock'), '')
  expect(() => listenForAdmin(folder, 1, answers(1))).toThrow('not a folder of this user alone')
  expect(await running(folder, realTimers)).toEqual([])
})

test('a link to a folder is not followed', () => {
  mkdirSync(join(root, 'target'), { mode: 0o700 })
  symlinkSync(join(root, 'target'), join(root, 'link'))
  expect(() => listenForAdmin(join(root, 'link'), 1, answers(1))).toThrow('not a folder of this user alone')
})
