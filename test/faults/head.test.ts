// Origins that fail before the head of their answer is complete: each gets its defined answer (src/base/failure.ts),
// nothing of it is stored, and where a stale response is allowed the visitor gets that.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cacheStatus, detail } from '../../testing/cache-status.ts'
import type { Answer } from '../../testing/raw-origin.ts'
import { response } from '../../testing/raw-origin.ts'
import { fresh, type Site } from '../../testing/site.ts'
import { startFaultySite } from './origin.ts'

/** Bytes of a head, and then whatever the fault is. */
const says =
  (bytes: string): Answer =>
  ({ connection }) => {
    connection.write(bytes)
  }
const saysAndEnds =
  (bytes: string): Answer =>
  ({ connection }) => {
    connection.write(bytes)
    connection.end()
  }
/** Repeats bytes until Myriad has had enough. */
const forever =
  (start: string, again: string): Answer =>
  async ({ connection }) => {
    connection.write(start)
    const gone = connection.closed.then(() => true)
    const flushed = () => connection.flush(again.repeat(1000)).then(() => false)
    while (!(await Promise.race([gone, flushed()])));
  }

const closed = [502, 'origin-closed'] as const
const invalid = [502, 'origin-invalid'] as const
const late = [504, 'origin-timeout'] as const
const head = (...lines: string[]) =>
  `HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n${lines.join('\r\n')}\r\n\r\n`

const faults: readonly (readonly [
  name: string,
  answer: Answer,
  expected: readonly [status: number, reason: string],
])[] = [
  // Silence and ends.
  ['says nothing', () => undefined, late],
  ['closes without a word', ({ connection }) => connection.end(), closed],
  ['resets without a word', ({ connection }) => connection.reset(), closed],
  ['stops within the status line', says('HTTP/1.1 2'), late],
  ['stops within a field', says('HTTP/1.1 200 OK\r\nCache-Control: max-a'), late],
  ['stops before the empty line', says('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n'), late],
  ['closes within the status line', saysAndEnds('HTTP/1.1 2'), closed],
  ['closes within a field', saysAndEnds('HTTP/1.1 200 OK\r\nCache-Control: max-a'), closed],
  ['closes before the empty line', saysAndEnds('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n'), closed],
  ['closes after an interim response', saysAndEnds('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'), closed],
  ['stops after an interim response', says('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'), late],
  // No HTTP.
  ['sends garbage', saysAndEnds('garbage\r\n\r\nmore'), invalid],
  ['sends bytes', saysAndEnds('\x00\x01\x02\xff\r\n\r\n'), invalid],
  ['answers as HTTP/0.9', saysAndEnds('<html>old</html>\r\n\r\n'), invalid],
  ['answers as HTTP/2', saysAndEnds('HTTP/2.0 200 OK\r\n\r\n'), invalid],
  ['answers as another protocol', saysAndEnds('ICY 200 OK\r\n\r\n'), invalid],
  ['has a status of two digits', saysAndEnds('HTTP/1.1 20 OK\r\n\r\n'), invalid],
  ['has a status of four digits', saysAndEnds('HTTP/1.1 2000 OK\r\n\r\n'), invalid],
  ['has a status of letters', saysAndEnds('HTTP/1.1 abc OK\r\n\r\n'), invalid],
  ['has the status 000', saysAndEnds('HTTP/1.1 000 OK\r\n\r\n'), invalid],
  ['has no status', saysAndEnds('HTTP/1.1\r\nX: a\r\nContent-Length: 0\r\n\r\n'), invalid],
  ['sends a request', saysAndEnds('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), invalid],
  // Fields that are none.
  ['has a line without a colon', saysAndEnds(head('Odd line', 'Content-Length: 0')), invalid],
  ['has NUL in a value', saysAndEnds(head('X: a\x00b', 'Content-Length: 0')), invalid],
  ['has CR in a value', saysAndEnds(head('X: a\rb', 'Content-Length: 0')), invalid],
  ['has an empty name', saysAndEnds(head(': a', 'Content-Length: 0')), invalid],
  ['has a space in a name', saysAndEnds(head('X Y: a', 'Content-Length: 0')), invalid],
  // Lengths that nobody can agree on (RFC 9112 §6.3).
  ['has two lengths', saysAndEnds(`${head('Content-Length: 4', 'Content-Length: 5')}pages`), invalid],
  ['has a list of lengths', saysAndEnds(`${head('Content-Length: 4, 5')}pages`), invalid],
  ['has a negative length', saysAndEnds(`${head('Content-Length: -4')}page`), invalid],
  ['has a length of letters', saysAndEnds(`${head('Content-Length: four')}page`), invalid],
  ['has a length with a sign', saysAndEnds(`${head('Content-Length: +4')}page`), invalid],
  ['has an endless length', saysAndEnds(`${head('Content-Length: 99999999999999999999')}page`), invalid],
  [
    'has a length and a coding',
    saysAndEnds(`${head('Content-Length: 4', 'Transfer-Encoding: chunked')}4\r\npage\r\n0\r\n\r\n`),
    invalid,
  ],
  [
    'is chunked twice',
    saysAndEnds(`${head('Transfer-Encoding: chunked, chunked')}4\r\npage\r\n0\r\n\r\n`),
    invalid,
  ],
  ['has an unknown coding', saysAndEnds(`${head('Transfer-Encoding: odd')}page`), invalid],
  [
    'is HTTP/1.0 and chunked',
    saysAndEnds('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n'),
    invalid,
  ],
  // Without end.
  ['has an endless status line', forever('HTTP/1.1 200 ', 'o'), invalid],
  ['has an endless field', forever('HTTP/1.1 200 OK\r\nX: ', 'x'), invalid],
  ['has endless fields', forever('HTTP/1.1 200 OK\r\n', 'X: x\r\n'), invalid],
  ['has endless garbage', forever('', 'x'), invalid],
  ['has 40 KB of fields', saysAndEnds(head(`X: ${'x'.repeat(40_000)}`, 'Content-Length: 0')), invalid],
  ['sends interim responses for ever', forever('', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'), invalid],
  // Statuses that do not fit.
  [
    'switches protocols unasked',
    saysAndEnds('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    invalid,
  ],
]

let site: Site
beforeAll(async () => {
  site = await startFaultySite()
})
afterAll(() => site.stop())

/** Asks for a path that has been mended, and expects the whole of what the origin says now. */
async function expectMended(path: string): Promise<void> {
  site.on(path, fresh('mended'))
  const answer = await site.ask(path)
  expect([answer.status, answer.text(), cacheStatus(answer).hit]).toEqual([200, 'mended', false])
}

describe('an origin that', () => {
  for (const [i, [name, fault, expected]] of faults.entries()) {
    test(`${name}: ${expected.join(' ')}`, async () => {
      const path = `/fault/${i}`
      site.on(path, fault)
      const answer = await site.ask(path)
      expect([answer.status, detail(answer)]).toEqual([...expected])
      expect(cacheStatus(answer).stored).toBe(false)
      // What a stranger is told does not hold what the origin said.
      expect(answer.text()).not.toContain('page')
      await expectMended(path)
    })
  }
})

describe('with a stale response that may be served on errors, an origin that', () => {
  for (const [i, [name, fault]] of faults.entries()) {
    test(`${name}: the stale response`, async () => {
      const path = `/stale/${i}`
      site.on(path, response('200 OK', ['Cache-Control: max-age=50, stale-if-error=1000', 'Age: 100'], 'old'))
      await site.ask(path)
      site.on(path, fault)
      const answer = await site.ask(path)
      expect([answer.status, answer.text()]).toEqual([200, 'old'])
      expect(detail(answer)).toMatch(/^stale-/)
      await expectMended(path)
    })
  }
})

describe('read as RFC 9112 bids a proxy:', () => {
  for (const [name, bytes, expected] of [
    ['white space before a colon is dropped (§5.1)', head('X : a', 'Content-Length: 4') + 'page', 'a'],
    ['a folded line becomes one (§5.2)', head('X: a', ' b', 'Content-Length: 4') + 'page', 'a b'],
    ['the same length twice (§6.3)', head('X: a', 'Content-Length: 4', 'Content-Length: 4') + 'page', 'a'],
    ['the same length in a list (§6.3)', head('X: a', 'Content-Length: 4, 4') + 'page', 'a'],
    ['no reason phrase (§4)', 'HTTP/1.1 200 \r\nX: a\r\nContent-Length: 4\r\n\r\npage', 'a'],
    ['an odd reason phrase (§4)', 'HTTP/1.1 200 \xe4h\tno\r\nX: a\r\nContent-Length: 4\r\n\r\npage', 'a'],
    ['HTTP/1.0 (§9.3)', 'HTTP/1.0 200 OK\r\nX: a\r\nContent-Length: 4\r\n\r\npage', 'a'],
    ['a coding in capitals (§7)', head('X: a', 'Transfer-Encoding: CHUNKED') + '4\r\npage\r\n0\r\n\r\n', 'a'],
  ] as const) {
    test(name, async () => {
      site.on('/lenient', saysAndEnds(bytes.replace('max-age=60', 'no-store')))
      const answer = await site.ask('/lenient')
      expect([answer.status, answer.text(), answer.field('x')?.replaceAll(/ +/g, ' ')]).toEqual([
        200,
        'page',
        expected,
      ])
      expect(answer.fields.map(([key]) => key).join()).not.toContain(' ')
    })
  }
})
