// A short run of the fuzzers with a fixed seed; `main.ts` runs them for long. The generators themselves must reach
// both accepted and refused messages, or the run would prove nothing.
import { expect, test } from 'bun:test'
import { RequestReader } from '../../src/http1/request-reader.ts'
import { ResponseReader } from '../../src/http1/response-reader.ts'
import { defaultsOf } from '../../src/base/setting.ts'
import { limitRows } from '../../src/http1/limits.ts'
import { fastCgiInput, listen } from './fastcgi.ts'
import { http2Input, served } from './http2.ts'
import { requestInput, responseInput } from './inputs.ts'
import { Random } from './random.ts'
import { runOne, sideOf } from './run.ts'
import { readRequests, readResponse } from './streams.ts'

test('20,000 inputs hold all properties', () => {
  for (let n = 0; n < 20_000; n++) expect(runOne(sideOf(n), n)).toBeUndefined()
}, 60_000)

test('the generators reach accepted and refused messages, with and without bodies', () => {
  const limits = defaultsOf(limitRows)
  const requests = new RequestReader(limits)
  const responses = new ResponseReader(limits)
  const records = { accepted: 0, refused: 0, bodies: 0, bad: 0 }
  for (let seed = 0; seed < 4000; seed++) {
    const random = new Random(seed)
    const { record, messages } =
      seed % 2 === 0
        ? readRequests(requests, [requestInput(random)])
        : readResponse(responses, [responseInput(random)], 'GET')
    if (messages.length > 0) records.accepted++
    if (/^(refused|invalid)/m.test(record)) records.refused++
    if (/^body ./m.test(record)) records.bodies++
    if (/^bad body/m.test(record)) records.bad++
  }
  expect(records.accepted).toBeGreaterThan(1000)
  expect(records.refused).toBeGreaterThan(800)
  expect(records.bodies).toBeGreaterThan(150)
  expect(records.bad).toBeGreaterThan(50)
})

test('the generator of FastCGI answers reaches answers and failures', () => {
  const outcomes = new Map<string, number>()
  for (let seed = 0; seed < 2000; seed++) {
    const random = new Random(seed)
    const { outcome } = listen([fastCgiInput(random)], 'GET', random)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  expect(outcomes.get('ended')).toBeGreaterThan(400)
  expect(outcomes.get('origin-invalid')).toBeGreaterThan(200)
  expect(outcomes.get('origin-closed')).toBeGreaterThan(100)
})

test('the generator of HTTP/2 reaches requests, refusals and faults', () => {
  const reached = { requests: 0, answers: 0, faults: 0 }
  for (let seed = 0; seed < 1000; seed++) {
    const { record } = served([http2Input(new Random(seed))])
    if (record.startsWith('[')) reached.requests++
    if (record.endsWith(' open')) reached.answers++
    if (record.endsWith(' shut')) reached.faults++
  }
  expect(reached.requests).toBeGreaterThan(300)
  expect(reached.answers).toBeGreaterThan(200)
  expect(reached.faults).toBeGreaterThan(200)
})
