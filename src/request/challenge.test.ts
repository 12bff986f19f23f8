// The question of a certificate authority goes before everything the site says; every other request is the site's.
import { expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'

const path = '/.well-known/acme-challenge/token'
const engine = (): TestEngine =>
  new TestEngine({
    challenge: (authority, pathAndQuery) => (pathAndQuery === path ? `proof for ${authority}` : undefined),
    under: '/nothing/has/a/route',
  })

test('it is answered where no route is, without the origin, and stored nowhere', () => {
  const asked = engine()
  const { reply, call } = asked.ask({ target: path })
  expect(call).toBeUndefined()
  expect(reply).toMatchObject({ status: 200, body: 'proof for a.test', reason: 'acme-challenge' })
  expect(reply.field('cache-control')).toBe('no-store')
  expect(asked.records).toEqual([{ tier: 'self', reason: 'acme-challenge', status: 200 }])
  expect(asked.origin.exchanges).toHaveLength(0)
})

test('in any spelling of the path', () => {
  expect(engine().ask({ target: '/.well-known/x/../%61cme-challenge/token' }).reply.body).toBe(
    'proof for a.test',
  )
})

test("what is pending under no proof is the site's", () => {
  expect(engine().ask({ target: `${path}2` }).reply.reason).toBe('no-route')
})
