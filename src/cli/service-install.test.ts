import { afterEach, beforeEach, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstalledService } from './service-install.ts'
import { unitsFor, type ServiceFacts } from './service-units.ts'

let folder = ''
let ran: string[] = []
let failing: string | undefined
let installed: InstalledService

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-units-'))
  ran = []
  failing = undefined
  installed = new InstalledService({
    unitFolder: folder,
    run(command) {
      const line = command.join(' ')
      ran.push(line)
      if (line.startsWith('id -u')) return { done: users.has(command[2]!), said: '' }
      return line === failing ? { done: false, said: 'it cannot\n' } : { done: true, said: 'A=1\nB=x=y\n' }
    },
  })
})

afterEach(() => rmSync(folder, { recursive: true }))

const users = new Set(['www'])

const units = (port: number, more: Partial<ServiceFacts> = {}) =>
  unitsFor({
    program: ['/opt/myriad'],
    serve: ['serve', '/srv'],
    user: 'www',
    folder: '/srv',
    listen: [{ scheme: 'http', hostname: '127.0.0.1', port }],
    drainMs: 1000,
    ...more,
  })

const path = (name: string): string => join(folder, name)

test('units are written, enabled and started', () => {
  expect(installed.install(units(80), 'www', false)).toEqual([
    `wrote ${path('myriad.service')}`,
    `wrote ${path('myriad.socket')}`,
    'myriad.service is enabled, and runs',
  ])
  expect(ran).toEqual([
    'id -u www',
    'systemctl daemon-reload',
    'systemctl enable myriad.service myriad.socket',
    'systemctl restart myriad.service',
  ])
  for (const { name, text } of units(80)) expect(readFileSync(path(name), 'utf8')).toBe(text)
  expect(installed.units.map(([, state]) => state)).toEqual(['as installed', 'as installed'])
})

test('what is there already is not started anew', () => {
  installed.install(units(80), 'www', false)
  ran = []
  expect(installed.install(units(80), 'www', false)).toEqual(['myriad.service is enabled, and runs'])
  expect(ran.at(-1)).toBe('systemctl start myriad.service')
})

test('other addresses need the sockets to be opened anew', () => {
  installed.install(units(80), 'www', false)
  ran = []
  installed.install(units(81), 'www', false)
  expect(ran.slice(1, 3)).toEqual(['systemctl stop myriad.service myriad.socket', 'systemctl daemon-reload'])
  ran = []
  const lines = installed.install(units(81, { listen: [] }), 'www', false)
  expect(lines).toContain(`removed ${path('myriad.socket')}`)
  expect(ran.slice(1, 3)).toEqual([
    'systemctl stop myriad.service myriad.socket',
    'systemctl disable myriad.socket',
  ])
  expect(readdirSync(folder)).toEqual(['myriad.service'])
})

test('a unit that was changed by hand stays, unless that is meant', () => {
  installed.install(units(80), 'www', false)
  appendFileSync(path('myriad.service'), 'Alias=web.service\n')
  writeFileSync(path('myriad.socket'), '[Socket]\n')
  ran = []
  expect(() => installed.install(units(80), 'www', false)).toThrow('changed by hand')
  expect(() => installed.uninstall(false)).toThrow('changed by hand')
  expect(ran).toEqual([])
  expect(readFileSync(path('myriad.socket'), 'utf8')).toBe('[Socket]\n')
  installed.install(units(80), 'www', true)
  expect(installed.units.map(([, state]) => state)).toEqual(['as installed', 'as installed'])
})

test('its own user is made, another has to be there', () => {
  expect(installed.install(units(80, { user: 'myriad' }), 'myriad', false)[0]).toBe('made the user myriad')
  expect(ran[1]).toStartWith('useradd --system')
  rmSync(path('myriad.service'))
  expect(() => installed.install(units(80), 'nobody-here', false)).toThrow('there is no user nobody-here')
  expect(readdirSync(folder)).toEqual(['myriad.socket'])
})

test('it is stopped before its units are removed', () => {
  expect(() => installed.uninstall(false)).toThrow('not installed')
  installed.install(units(80), 'www', false)
  ran = []
  expect(installed.uninstall(false)).toHaveLength(2)
  expect(ran).toEqual(['systemctl disable --now myriad.service myriad.socket', 'systemctl daemon-reload'])
  expect(readdirSync(folder)).toEqual([])
})

test('what systemd says is passed on', () => {
  failing = 'systemctl restart myriad.service'
  expect(() => installed.install(units(80), 'www', false)).toThrow(
    'systemctl restart myriad.service: it cannot',
  )
  expect(installed.properties('myriad.service', ['A', 'B'])).toEqual(
    new Map([
      ['A', '1'],
      ['B', 'x=y'],
    ]),
  )
})
