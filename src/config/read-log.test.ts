// The section `log`: what an owner writes, and what he is told when it is wrong.
import { expect, test } from 'bun:test'
import { formatProblem } from './problem.ts'
import { resolveSite } from './resolve.ts'

function read(log: unknown) {
  const value = { services: { site: { origin: 'http://127.0.0.1:9000' } }, log }
  const around = {
    folder: '/srv',
    fileExists: (path: string) => path === '/srv' || path === '/var/log',
    readFile: () => undefined,
    nowMs: () => 0,
  }
  const resolved = resolveSite(value, around)
  return resolved.kind === 'site'
    ? { log: resolved.site.log, problems: [] }
    : { log: undefined, problems: resolved.problems.map(formatProblem) }
}

test('without a word there is no access log, and errors go to standard error', () => {
  expect(read(undefined).log).toMatchObject({ access: { kind: 'off' }, error: { kind: 'stderr' } })
})

test('paths are relative to the configuration', () => {
  const { log } = read({ access: 'access.log', error: '/var/log/error.log' })
  expect(log?.access).toEqual({ kind: 'file', path: '/srv/access.log' })
  expect(log?.error).toEqual({ kind: 'file', path: '/var/log/error.log' })
})

test.each([
  [{ acces: 'off' }, "log.acces = 'off': no such setting; did you mean 'access'?"],
  [{ access: 'stdotu' }, "log.access = 'stdotu': expected a path, or 'stdout'; did you mean 'stdout'?"],
  [{ access: 'none/a.log' }, "log.access = 'none/a.log': there is no folder /srv/none"],
  [{ access: 'a.log', error: './a.log' }, 'log.error: is the file of the access log'],
  [{ format: 'jsno' }, "log.format = 'jsno': expected 'json' or 'combined'; did you mean 'json'?"],
  [{ except: 'health' }, "log.except = 'health': must start with '/' or '*'"],
  [
    { hide: ['referrer'] },
    "log.hide = 'referrer': expected some of client, host, query, referer, userAgent, requestId; did you mean 'referer'?",
  ],
])('%p', (log, problem) => {
  expect(read(log).problems).toEqual([problem])
})
