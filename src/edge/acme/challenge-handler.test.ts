// The question of a certificate authority goes before everything the site says; every other request is the site's.
import { expect, test } from 'bun:test'
import { TestEngine } from '../../../testing/engine.ts'
import { FakeReply } from '../../../testing/fake-reply.ts'
import { Fields } from '../../http/fields.ts'
import { PlainRequest } from '../../http/plain-request.ts'
import { ChallengeHandler } from './challenge-handler.ts'

const path = '/.well-known/acme-challenge/token'

function asked(pathAndQuery: string) {
  const engine = new TestEngine({ under: '/nothing/has/a/route' })
  const handler = new ChallengeHandler({
    certificates: { answer: (authority, target) => (target === path ? `proof for ${authority}` : undefined) },
    next: engine.engine,
    recorder: engine,
    clock: engine.clock,
  })
  const target = { raw: pathAndQuery, pathAndQuery }
  const view = new PlainRequest({
    method: 'GET',
    scheme: 'http',
    authority: 'a.test',
    target,
    fields: new Fields(),
  })
  const reply = new FakeReply()
  return { engine, reply, call: handler.handle(view, reply) }
}

test('it is answered where no route is, without the origin, and stored nowhere', () => {
  const { engine, reply, call } = asked(path)
  expect(call).toBeUndefined()
  expect(reply).toMatchObject({ status: 200, body: 'proof for a.test', reason: 'acme-challenge' })
  expect(reply.field('cache-control')).toBe('no-store')
  expect(engine.records).toEqual([{ tier: 'self', reason: 'acme-challenge', status: 200 }])
  expect(engine.origin.exchanges).toHaveLength(0)
})

test("what is pending under no proof is the site's", () => {
  expect(asked(`${path}2`).reply.reason).toBe('no-route')
})
