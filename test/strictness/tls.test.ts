// The corpus over TLS, where the runtime's reader stands before Myriad's: whatever it lets through, the origin sees no more
// requests than were sent, none that was hidden in another, and what it sees is what the cache takes for its key.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import type { Case, Outcome } from './corpus/case.ts'
import { corpus } from './corpus/corpus.ts'
import { type Sighting, startRawWitness, type Witness } from './witness.ts'

/** Cases in which the origin sees what it would not see in clear text; docs/manual/tls.md has them in words. */
const letThrough: Readonly<Record<string, readonly string[]>> = {
  "the runtime does not look at the host of an absolute target: that of Host is the request's": [
    'target-form/absolute-other-host',
    'target-form/absolute-other-port',
    'target-form/absolute-host-prefix',
    'target-form/absolute-userinfo',
    'target-form/absolute-userinfo-same',
    'target-form/absolute-empty-host',
    'target-form/absolute-https',
    'target-form/absolute-bad-port',
    'target-form/absolute-word-port',
    'target-form/absolute-two-ports',
    'target-form/absolute-bad-ipv6',
    'injection/absolute-and-host',
  ],
  'the runtime resolves the path, and escapes in it what does not belong there': [
    'encoding/nul-segment',
    'path-tricks/backslash',
    'path-tricks/slash-backslash',
    'path-tricks/quote',
    'path-tricks/angle',
    'path-tricks/braces',
    'path-tricks/caret',
    'path-tricks/backquote',
    'path-tricks/delete',
    'path-tricks/utf-8',
    'path-tricks/utf-8-in-query',
  ],
  'lines of one name have become one': ['size/too-many-lines'],
  'a control character in a field has become a space': ['value/delete'],
  'chunk extensions are dropped unread': ['chunk-extension/delete'],
  'the runtime hands the body over before it has read what follows the last chunk; the client is refused': [
    'chunk-end/bare-lf-at-end',
    'chunk-end/bare-cr-at-end',
    'trailer/no-colon',
    'trailer/space-before-colon',
    'trailer/folded',
    'trailer/white-space-first',
    'trailer/bare-lf',
    'trailer/bare-cr',
    'trailer/nul',
    'trailer/empty-name',
    'trailer/request',
    'trailer/too-large',
    'trailer/too-many',
    'chunk-smuggling/trailer-request',
    'chunk-smuggling/trailer-lf',
    'chunk-smuggling/trailer-fold',
  ],
}
const known = new Set(Object.values(letThrough).flat())

let witness: Witness
let myriad: Myriad
beforeAll(async () => {
  witness = await startRawWitness()
  const config = { limits: { headTime: '500ms', bodyBytes: '1MB' } }
  myriad = await startMyriad(witness.url, config, {}, ['https://127.0.0.1:0'])
})
afterAll(async () => {
  await myriad.stop()
  await witness.stop()
})

const flat = (outcome: Outcome) => (outcome.kind === 'anyOf' ? outcome.outcomes : [outcome])

/** Whether an outcome of the case says that the origin sees this. */
function isExpected(one: Case, { method, target, body, whole }: Sighting): boolean {
  return one.outcomes.flatMap(flat).some((outcome) => {
    if (outcome.kind === 'refused') return whole === false && outcome.begun === target
    return (
      outcome.kind === 'forwarded' &&
      outcome.method === method &&
      outcome.target === target &&
      outcome.body === body
    )
  })
}

let probes = 0

/** Sends a case on a connection of its own, and waits until it has been dealt with. */
async function send(one: Case): Promise<void> {
  const client = await RawClient.connectTls(myriad.port)
  await client.send(one.bytes)
  if (one.after === 'fin') client.halfClose()
  const method = /^(\r\n)*HEAD /.test(one.bytes) ? 'HEAD' : 'GET'
  for (const _ of one.outcomes) {
    const answer = await client.response(method, 300).catch(() => undefined)
    if (answer === undefined) break
  }
  client.destroy()
  const fresh = await RawClient.connectTls(myriad.port)
  const probe = `/probe-${++probes}`
  await fresh.send(`GET ${probe} HTTP/1.1\r\nHost: a\r\n\r\n`)
  expect((await fresh.response()).text()).toBe(`seen GET ${probe}\n`)
  fresh.destroy()
}

test('the corpus over TLS', async () => {
  const problems: string[] = []
  const odd = new Set<string>()
  for (const one of corpus) {
    await send(one)
    const { sightings, complaints } = await witness.testify()
    const seen = sightings.filter(({ target }) => !target.startsWith('/probe-'))
    for (const complaint of complaints) problems.push(`${one.id}: ${complaint}`)
    if (seen.length > one.outcomes.length) problems.push(`${one.id}: ${seen.length} requests`)
    for (const sighting of seen) {
      if (/smuggled|hidden/.test(sighting.target)) problems.push(`${one.id}: saw ${sighting.target}`)
      if (!isExpected(one, sighting)) odd.add(one.id)
    }
  }
  expect(problems).toEqual([])
  expect([...odd].filter((id) => !known.has(id))).toEqual([])
}, 120_000)
