// Limits on the rate of requests as owners write them.
import { expect, test } from 'bun:test'
import { formatProblem } from './problem.ts'
import { rateTexts } from './read-rate.ts'
import { resolveSite } from './resolve.ts'

const around = { folder: '/site', fileExists: () => true, readFile: () => undefined, nowMs: () => 0 }
const services = { site: { origin: 'http://127.0.0.1:9000' } }
const resolve = (...rates: unknown[]) =>
  resolveSite({ services, routes: rates.map((rate, i) => ({ path: `/${i}`, rate })) }, around)

const ratesOf = (...rates: unknown[]) => {
  const resolved = resolve(...rates)
  if (resolved.kind === 'wrong') throw new Error(resolved.problems.map(formatProblem).join('\n'))
  return resolved.site.routes.routes.map((route) => route.rates)
}

const problems = (rate: unknown) => {
  const resolved = resolve(rate)
  return resolved.kind === 'wrong' ? resolved.problems.map(formatProblem) : []
}

test('one limit or several, each with a place of its own among all of the site', () => {
  const address = { kind: 'address' } as const
  expect(
    ratesOf(
      { requests: 10 },
      undefined,
      [
        { requests: 100, per: '1m', burst: 20, hits: true },
        { requests: 5, per: '1h', header: 'X-Api-Key' },
      ],
      { requests: 1, cookie: 'Session' },
    ),
  ).toEqual([
    { every: [], misses: [{ index: 0, requests: 10, perMs: 1_000, burst: 10, by: address }] },
    undefined,
    {
      every: [{ index: 1, requests: 100, perMs: 60_000, burst: 20, by: address }],
      misses: [
        { index: 2, requests: 5, perMs: 3_600_000, burst: 5, by: { kind: 'header', name: 'x-api-key' } },
      ],
    },
    {
      every: [],
      misses: [{ index: 3, requests: 1, perMs: 1_000, burst: 1, by: { kind: 'cookie', name: 'Session' } }],
    },
  ])
})

test('in words', () => {
  const [rates] = ratesOf([
    { requests: 100, per: '1m', burst: 20, hits: true },
    { requests: 5, per: '1h', header: 'X-Api-Key' },
  ])
  expect(rateTexts(rates!)).toEqual([
    '100 requests in 1m, 20 at once, by address',
    '5 requests that the cache does not answer in 1h, 5 at once, by header x-api-key',
  ])
})

test.each([
  [{}, 'routes[0].rate.requests: missing: expected a whole number, from 1 to 1000000'],
  [{ requests: 0 }, 'routes[0].rate.requests = 0: expected a whole number, from 1 to 1000000'],
  [
    { requests: 1, per: '1ms' },
    "routes[0].rate.per = '1ms': expected a duration such as '10s' or '1h', from 1s to 1d",
  ],
  [{ requests: 1, brust: 2 }, "routes[0].rate.brust = 2: no such setting; did you mean 'burst'?"],
  [{ requests: 1, header: 'a b' }, "routes[0].rate.header = 'a b': expected the name of a header"],
  [
    [{ requests: 1, header: 'a', cookie: 'b' }],
    "routes[0].rate[0].cookie: counts by one of 'header' and 'cookie'",
  ],
  [[], 'routes[0].rate = []: expected a limit, or a list of up to 8'],
])('%j is wrong', (rate, told) => {
  expect(problems(rate)).toEqual([told])
})
