import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDatagram } from '../../testing/datagram.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { receiveDatagrams } from '../net/datagram.ts'
import { ServiceManager, watchdogMs } from './notify.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-notify-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('it is told what happens, one line for each thing, and nobody else is told of it', () => {
  const socket = join(folder, 'notify')
  const receiving = receiveDatagrams(socket)
  const env: Record<string, string | undefined> = { NOTIFY_SOCKET: socket, OTHER: 'stays' }
  const manager = ServiceManager.take(env, 1, new FakeClock())!
  expect(env).toEqual({ OTHER: 'stays' })
  manager.ready('a\nREADY=0')
  manager.status('well')
  manager.reloading()
  manager.stopping()
  const all = Array.from({ length: 4 }, () => readDatagram(receiving))
  expect(all[0]).toBe('READY=1\nSTATUS=a; READY=0')
  expect(all[1]).toBe('STATUS=well')
  expect(all[2]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/)
  expect(all[3]).toMatch(/^STOPPING=1\nSTATUS=./)
  closeSync(receiving)
  // One that has gone does no harm.
  manager.status('alone')
})

test('signs of life come twice within its patience', () => {
  const socket = join(folder, 'watchdog')
  const receiving = receiveDatagrams(socket)
  const clock = new FakeClock()
  const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000', WATCHDOG_PID: '7' }
  ServiceManager.take(env, 7, clock)
  clock.advance(2500)
  expect([1, 2, 3].map(() => readDatagram(receiving))).toEqual(['WATCHDOG=1', 'WATCHDOG=1', undefined])
  closeSync(receiving)
})

test.each([{}, { NOTIFY_SOCKET: '' }, { NOTIFY_SOCKET: 'relative' }, { NOTIFY_SOCKET: 'vsock:2:1' }])(
  'with %p there is none',
  (env) => expect(ServiceManager.take(env, 1, new FakeClock())).toBeUndefined(),
)

test('only the process that is meant is watched, and only with a number', () => {
  expect(watchdogMs('3000000', undefined, 5)).toBe(3000)
  expect(watchdogMs('3000000', '5', 5)).toBe(3000)
  expect(watchdogMs('3000000', '6', 5)).toBeUndefined()
  for (const wrong of [undefined, '', '0', '-1', '1e6', ' 1', '9'.repeat(20)])
    expect(watchdogMs(wrong, undefined, 5)).toBeUndefined()
})
