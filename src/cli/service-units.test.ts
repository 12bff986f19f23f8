// The units are read as systemd reads them: sections, NAME=VALUE, comments (systemd.syntax(7)).
import { expect, test } from 'bun:test'
import { isAsWritten, unitsFor, type ServiceFacts } from './service-units.ts'

const facts: ServiceFacts = {
  program: ['/srv/my app/$100%/myriad'],
  serve: ['serve', '--config', '/srv/site/myriad.config.ts'],
  user: 'www',
  folder: '/srv/my site',
  listen: [
    { scheme: 'http', hostname: '0.0.0.0', port: 80 },
    { scheme: 'http', hostname: '::', port: 8080 },
    { scheme: 'http', hostname: 'localhost', port: 8081 },
    { scheme: 'http', hostname: 'example.com', port: 80 },
    { scheme: 'http', hostname: '127.0.0.1', port: 0 },
    { scheme: 'https', hostname: '0.0.0.0', port: 443 },
  ],
  drainMs: 30_500,
}

/** By `[Section]Name`: its values. Fails on a line that is none of systemd's. */
function read(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  let section = ''
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    if (/^\[\w+\]$/.test(line)) {
      section = line
      continue
    }
    const [, name, value] = /^(\w+)=(.*)$/.exec(line)!
    values.set(section + name, [...(values.get(section + name) ?? []), value!])
  }
  return values
}

const [service, socket] = unitsFor(facts)

test('the service is started and reloaded by the program, whatever characters its path has', () => {
  const of = read(service!.text)
  expect(service!.name).toBe('myriad.service')
  expect(of.get('[Service]Type')).toEqual(['notify'])
  expect(of.get('[Service]ExecStart')).toEqual([
    '"/srv/my app/$$100%%/myriad" serve --config /srv/site/myriad.config.ts',
  ])
  expect(of.get('[Service]ExecReload')).toEqual(['"/srv/my app/$$100%%/myriad" reload --pid $MAINPID'])
  expect(of.get('[Service]User')).toEqual(['www'])
  expect(of.get('[Service]WorkingDirectory')).toEqual(['/srv/my site'])
  // Longer than requests may take to end.
  expect(of.get('[Service]TimeoutStopSec')).toEqual(['46'])
})

test('it may do what it needs, and no more', () => {
  const of = read(service!.text)
  for (const [name, value] of [
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['PrivateTmp', 'yes'],
    ['AmbientCapabilities', 'CAP_NET_BIND_SERVICE'],
    ['CapabilityBoundingSet', 'CAP_NET_BIND_SERVICE'],
    ['StateDirectory', 'myriad'],
    ['RuntimeDirectoryMode', '0700'],
    ['KillMode', 'mixed'],
    ['LimitNOFILE', '131072'],
  ])
    expect([name, of.get(`[Service]${name}`)]).toEqual([name, [value!]])
  // The engine would compile nothing, and call no C library.
  expect(of.has('[Service]MemoryDenyWriteExecute')).toBe(false)
  // Nothing is set twice: the last one would hold, unseen.
  expect([...of].filter(([name, values]) => name !== '[Unit]After' && values.length > 1)).toEqual([])
})

test('systemd opens what it can: IP addresses with their ports', () => {
  const of = read(socket!.text)
  expect(socket!.name).toBe('myriad.socket')
  expect(of.get('[Socket]ListenStream')).toEqual(['0.0.0.0:80', '[::]:8080', '127.0.0.1:8081', '0.0.0.0:443'])
  expect(read(service!.text).get('[Unit]Requires')).toEqual(['myriad.socket'])
})

test('a site whose addresses are names alone has no sockets of systemd', () => {
  const named = facts.listen.filter(({ hostname }) => hostname === 'example.com')
  const units = unitsFor({ ...facts, listen: named })
  expect(units.map(({ name }) => name)).toEqual(['myriad.service'])
  expect(units[0]!.text).not.toContain('myriad.socket')
})

test('whatever is changed by hand is seen', () => {
  for (const { text } of [service!, socket!]) {
    expect(isAsWritten(text)).toBe(true)
    expect(isAsWritten(`${text}\n`)).toBe(false)
    expect(isAsWritten(text.replace('[Install]', '[Install]\nAlias=web.service'))).toBe(false)
    expect(isAsWritten(text.split('\n').slice(2).join('\n'))).toBe(false)
  }
  expect(isAsWritten('')).toBe(false)
})
