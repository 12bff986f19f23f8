// The corpus over TLS: the origin sees what it sees in clear text, no more requests than were sent, and none that was hidden in
// another.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { RawClient } from '../../testing/raw-client.ts'
import type { Case, Outcome } from './corpus/case.ts'
import { corpus } from './corpus/corpus.ts'
import { type Sighting, startRawWitness, type Witness } from './witness.ts'

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
  expect([...odd]).toEqual([])
}, 120_000)
