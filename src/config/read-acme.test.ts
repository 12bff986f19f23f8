// `tls.acme`: what goes together, and what is taken from the routes.
import { describe, expect, test } from 'bun:test'
import type { AcmeConfig } from '../edge/acme/settings.ts'
import { formatProblem } from './problem.ts'
import { resolveSite } from './resolve.ts'

const around = {
  folder: '/site',
  fileExists: (path: string) => !path.includes('missing'),
  readFile: () => undefined,
  nowMs: () => 0,
}
const resolve = (acme: unknown, routes?: unknown) =>
  resolveSite(
    {
      tls: { acme },
      services: { site: { origin: 'http://127.0.0.1:9000' } },
      ...(routes === undefined ? {} : { routes }),
    },
    around,
  )

function config(acme: object, routes?: unknown): AcmeConfig {
  const resolved = resolve({ email: 'admin@example.com', ...acme }, routes)
  if (resolved.kind === 'wrong') throw new Error(resolved.problems.map(formatProblem).join('\n'))
  return resolved.site.acme!
}

function problems(acme: unknown, routes?: unknown): readonly string[] {
  const resolved = resolve(acme, routes)
  return resolved.kind === 'wrong' ? resolved.problems.map(formatProblem) : []
}

const mail = { email: 'admin@example.com' }
const named = { ...mail, names: 'a.example.com' }

describe('what is right', () => {
  test('an address is enough where routes name hosts', () => {
    const hosts = [
      'Example.com',
      'www.example.com:8080',
      '*.example.com',
      '10.0.0.1',
      'localhost',
      'example.com',
    ]
    expect(config({}, [{ host: hosts, path: '/*' }]).names).toEqual(['example.com', 'www.example.com'])
    const byRecord = { challenge: 'dns-01', dnsHook: 'hook' }
    expect(config(byRecord, [{ host: hosts, path: '/*' }]).names).toContain('*.example.com')
    expect(config({ names: ['B.example.com'] }, [{ host: 'a.example.com', path: '/*' }]).names).toEqual([
      'b.example.com',
    ])
  })

  test("Let's Encrypt unless another is named, or its authority for trying out", () => {
    expect(config(named).directory).toBe('https://acme-v02.api.letsencrypt.org/directory')
    expect(config({ ...named, directory: 'staging' }).directory).toBe(
      'https://acme-staging-v02.api.letsencrypt.org/directory',
    )
    expect(config({ ...named, directory: 'https://ca.internal/dir' }).directory).toBe(
      'https://ca.internal/dir',
    )
  })

  test('paths start at the folder of the configuration', () => {
    expect(config({ ...named, ca: 'root.pem', folder: 'keys' })).toMatchObject({
      ca: '/site/root.pem',
      folder: '/site/keys',
    })
    expect(config({ ...named, folder: '/keys' }).folder).toBe('/keys')
  })

  test('names with * by dns-01, and hosts on demand alone', () => {
    const byRecord = { challenge: 'dns-01', dnsHook: ['hook', '--zone'], names: '*.example.com' }
    expect(config(byRecord)).toMatchObject({ names: ['*.example.com'], dnsHook: ['hook', '--zone'] })
    expect(config({ onDemand: '*.Example.com' })).toMatchObject({ names: [], onDemand: ['*.example.com'] })
  })

  test('without the section nothing is got', () => {
    const resolved = resolveSite({ services: { site: { origin: 'http://127.0.0.1:9000' } } }, around)
    expect(resolved.kind === 'site' && resolved.site.acme).toBeUndefined()
  })
})

test('what is wrong is told with its place', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ names: 'a.example.com' }, 'tls.acme.email: missing: expected a text'],
    [
      { ...named, email: 'admin' },
      "tls.acme.email = 'admin': expected an address such as 'admin@example.com'",
    ],
    [
      { ...named, email: 'a@b.example,c@d.example' },
      "tls.acme.email = 'a@b.example,c@d.example': expected an address such as 'admin@example.com'",
    ],
    [mail, "tls.acme.names: missing: no route names a host, so expected names such as 'example.com'"],
    [
      { ...mail, names: 'localhost' },
      "tls.acme.names = 'localhost': expected a name such as 'www.example.com'",
    ],
    [
      { ...mail, names: '*.example.com' },
      "tls.acme.names = '*.example.com': only challenge 'dns-01' proves a name with '*'",
    ],
    [
      { ...mail, onDemand: '*' },
      "tls.acme.onDemand = '*': expected a name such as 'www.example.com' or '*.example.com'",
    ],
    [
      { ...named, challenge: 'dns-01' },
      "tls.acme.dnsHook: missing: 'dns-01' needs the program that sets TXT records",
    ],
    [{ ...named, dnsHook: 'hook' }, "tls.acme.dnsHook: has no use without challenge 'dns-01'"],
    [
      { ...named, challenge: 'dns01' },
      "tls.acme.challenge = 'dns01': expected 'http-01' or 'dns-01'; did you mean 'dns-01'?",
    ],
    [
      { ...named, directory: 'http://ca.internal/' },
      "tls.acme.directory = 'http://ca.internal/': expected an https:// URL or 'staging'",
    ],
    [
      { ...named, directory: 'stagin' },
      "tls.acme.directory = 'stagin': expected an https:// URL or 'staging'",
    ],
    [{ ...named, ca: 'missing.pem' }, "tls.acme.ca = 'missing.pem': no such file"],
    [
      { ...named, renewBefore: '1s' },
      "tls.acme.renewBefore = '1s': expected a duration such as '10s' or '1h', from 1m to 365d",
    ],
    [{ ...named, mail: 'x' }, "tls.acme.mail = 'x': no such setting; did you mean 'email'?"],
    ['yes', "tls.acme = 'yes': expected an object with 'email'"],
  ]
  for (const [acme, problem] of cases) expect([acme, problems(acme)]).toEqual([acme, [problem]])
})

test('routes that are wrong themselves are no reason to fail here', () => {
  for (const routes of [[null], [5], [{ host: 5, path: '/*' }], 'x'])
    expect(problems(named, routes).some((text) => text.startsWith('tls'))).toBe(false)
})
