// Page rules as owners write them: what is taken, and what is told about what is not.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { formatProblem, Report } from './problem.ts'
import { readRules, ruleText } from './read-rule.ts'

const around = {
  folder: '/site',
  fileExists: () => true,
  nowMs: () => 0,
  readFile: (path: string) =>
    path.includes('missing') ? undefined : Buffer.alloc(path.includes('large') ? 65_537 : 10, path),
}

function read(value: unknown) {
  const report = new Report()
  const rules = readRules({ value, path: 'rules', report }, around)
  return { rules, problems: report.problems.map(formatProblem) }
}

test.each([
  [{ redirect: '/new', path: '/old' }, 'rules[0] (path /old)', 'redirects to /new (302)'],
  [
    { redirect: { to: 'https://a.test$path', status: 301 }, host: ['b.test', 'c.test'] },
    'rules[0] (host b.test, c.test; path /*)',
    'redirects to https://a.test$path (301)',
  ],
  [{ bypass: true, cookie: 'beta' }, 'rules[0] (path /*; cookie beta)', 'past the cache'],
  [{ ttl: '90s', method: 'GET' }, 'rules[0] (method GET; path /*)', 'ttl 90s'],
  [
    { path: '/*', request: { set: { 'X-A': 'b' }, remove: 'Cookie' }, response: { remove: ['Server'] } },
    'rules[0] (path /*)',
    'request without cookie; request with X-A: b; response without server',
  ],
  [
    { errors: { '404': './e/404.html', '5xx': '/sorry?a' } },
    'rules[0] (path /*)',
    '404 shown as ./e/404.html; 5xx shown as /sorry?a',
  ],
])('%j', (written, name, text) => {
  const { rules, problems } = read([written])
  expect(problems).toEqual([])
  expect(rules.map((rule) => [rule.name, ruleText(rule)])).toEqual([[name, text]])
})

test('an error page in a file is read with the configuration', () => {
  const { rules } = read([{ errors: { '500': 'pages/x.txt' } }])
  const action = rules[0]!.action
  expect(action.kind === 'change' && action.actions.errors!.of(500)).toEqual({
    kind: 'file',
    file: 'pages/x.txt',
    type: 'text/plain; charset=utf-8',
    body: Buffer.alloc(10, '/site/pages/x.txt'),
  })
})

test.each([
  ['text', "rules = 'text': expected a list of rules"],
  [['text'], "rules[0] = 'text': expected an object with conditions"],
  [[{}], 'rules[0]: does nothing'],
  [[{ bypass: false }], 'rules[0]: does nothing'],
  [[{ redirct: '/a' }], "no such setting; did you mean 'redirect'?"],
  [[{ path: 'a', bypass: true }], "rules[0].path = 'a': must start with '/' or '*'"],
  [[{ host: 'a b', bypass: true }], 'rules[0].host'],
  [[{ cookie: 'a=b', bypass: true }], 'rules[0].cookie'],
  [[{ method: 'HEAD', bypass: true }], "expected 'GET', which takes HEAD along"],
  [[{ method: 'PURGE', bypass: true }], 'see purge.from'],
  [[{ method: 'a b', bypass: true }], 'expected a method'],
  [[{ path: '/a', redirect: 'b' }], "rules[0].redirect = 'b': must be a path"],
  [[{ path: '/a', redirect: { to: 'b' } }], "rules[0].redirect.to = 'b': must be a path"],
  [
    [{ path: '/a', redirect: { to: '/b', status: 303 } }],
    'rules[0].redirect.status = 303: expected 301, 302, 307 or 308',
  ],
  [[{ path: '/a', redirect: {} }], 'rules[0].redirect.to: missing'],
  [
    [{ path: '/a', redirect: '/b', ttl: '1m', bypass: true }],
    "redirects, so 'ttl' and 'bypass' can have no effect",
  ],
  [[{ bypass: true, ttl: '1m' }], 'rules[0].ttl: has no effect beside bypass: true'],
  [[{ cookie: 'a', request: { remove: 'x' } }], 'rules[0].request: needs bypass: true'],
  [[{ cookie: 'a', response: { set: { a: 'b' } } }], 'rules[0].response: needs bypass: true'],
  [[{ country: 'DE', response: { set: { a: 'b' } } }], 'rules[0].response: needs bypass: true'],
  [[{ country: 'de', bypass: true }], "rules[0].country = 'de': expected a country by two capital letters"],
  [[{ request: { set: { Host: 'a' } } }], 'not to be changed by a rule'],
  [[{ request: { remove: ['Content-Length'] } }], 'not to be changed by a rule'],
  [[{ response: { set: { 'Set-Cookie': 'a' } } }], 'not to be changed by a rule'],
  [[{ response: { set: { 'a b': 'a' } } }], 'expected the name of a header field'],
  [[{ response: { set: { a: 'b\r\nc: d' } } }], 'expected the value of a header field'],
  [[{ response: { set: { a: 1 } } }], 'expected the value of a header field'],
  [[{ response: { put: {} } }], "only 'set' and 'remove' can be set here"],
  [[{ errors: { '200': './a.html' } }], "rules[0].errors = '200': expected a status"],
  [[{ errors: { '404': './missing.html' } }], 'rules[0].errors["404"] = \'./missing.html\': no such file'],
  [[{ errors: { '404': './large.html' } }], 'larger than 64KB'],
  [[{ errors: { '404': './a.php' } }], 'which ends in'],
  [[{ errors: { '404': 5 } }], 'expected a file'],
  [[{ errors: { '404': '/a b' } }], 'expected a file'],
  [[{ errors: { '404': '/%' } }], 'expected a file'],
  [
    [
      { path: '/*', bypass: true },
      { path: '/a', ttl: '1m' },
    ],
    'rules[1]: never reached: rules[0] (path /*)',
  ],
])('%j: %s', (written, problem) => {
  const { problems } = read(written)
  expect(problems.join('\n')).toContain(problem)
})

test.each([
  [{ path: '/a/*', redirect: '/a/b' }, true],
  [{ path: '/a/*', redirect: '/a/x/*' }, true],
  [{ path: '/*', redirect: '$path' }, true],
  [{ path: '/*', redirect: '/maintenance' }, true],
  [{ path: '/a/*', redirect: '/b/*' }, false],
  [{ path: '/a', redirect: '/a/' }, false],
  [{ path: '/a/*', method: 'POST', redirect: '/a/b' }, false],
  [{ host: 'www.a.test', redirect: 'https://a.test$path' }, false],
  [{ host: 'a.test', redirect: 'https://a.test$path' }, true],
  [{ host: '*.a.test', redirect: 'https://www.a.test$path' }, true],
  [{ redirect: 'https://other.test$path' }, false],
])('%j redirects to itself: %p', (written, expected) => {
  expect(read([written]).problems.some((problem) => problem.includes('to itself'))).toBe(expected)
})

test('a rule before may take what it redirects to', () => {
  expect(
    read([
      { path: '/maintenance', ttl: '1m' },
      { path: '/*', redirect: '/maintenance' },
    ]).problems,
  ).toEqual([])
})

test('property: never throws', () => {
  const rule = fc.record(
    {
      path: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 2 })),
      host: fc.string(),
      redirect: fc.oneof(fc.string(), fc.record({ to: fc.string(), status: fc.integer() })),
      request: fc.dictionary(fc.string(), fc.anything()),
      response: fc.record({ set: fc.dictionary(fc.string(), fc.string()), remove: fc.string() }),
      errors: fc.dictionary(fc.constantFrom('404', '5xx', 'a'), fc.string()),
      ttl: fc.anything(),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.array(fc.oneof(rule, fc.anything()), { maxLength: 3 })),
      (value) => void read(value),
    ),
  )
})
