// Which of a client's fields reach the origin.
import { describe, expect, test } from 'bun:test'
import { TestEngine } from '../../testing/engine.ts'

/** The names (lower case) that the origin gets of these. */
function forwarded(names: readonly string[], trusted = false): string[] {
  const engine = new TestEngine()
  engine.ask({ trusted, fields: Object.fromEntries(names.map((name) => [name, '1'])) })
  const { keys } = engine.origin.last.request.fields
  return names.filter((name) => keys.includes(name.toLowerCase()))
}

describe('a name that an application behind CGI reads as another', () => {
  test.each([
    'X_Forwarded_For',
    'x-forwarded_for',
    'X_FORWARDED_PROTO',
    'X_Forwarded_Host',
    'X_Forwarded_Port',
    'X_Real_IP',
    'X_Client_IP',
    'X_Cluster_Client_IP',
    'True_Client_IP',
    'If_None_Match',
    'Content_Length',
    'Transfer_Encoding',
    'Accept_Language',
    'Cache_Control',
    'CDN_Loop',
    'Keep_Alive',
    'User_Agent',
    // httpoxy: it becomes HTTP_PROXY, which libraries take for the proxy to use.
    'Proxy',
  ])('%s goes no further, whoever sends it', (name) => {
    expect(forwarded([name, 'X-Other'])).toEqual(['X-Other'])
    expect(forwarded([name, 'X-Other'], true)).toEqual(['X-Other'])
  })

  test('others with underscores are passed on', () => {
    const names = ['api_key', 'X_Custom', 'X-Api_Key', '_', 'X-Proxy']
    expect(forwarded(names)).toEqual(names)
  })
})

test('an origin that serves by name gets that name as Host, and is told the one that was asked for', () => {
  const lines = (originHost?: string) => {
    const engine = new TestEngine(originHost === undefined ? {} : { originHost })
    engine.ask()
    return engine.origin.last.request.gateway.fields
  }
  const own = lines('shop.example:8080')
  expect([own.get('host'), own.get('x-forwarded-host')]).toEqual(['shop.example:8080', 'a.test'])
  expect(own.get('forwarded')).toContain('host="a.test"')
  expect(lines().get('host')).toBe('a.test')
})

test('several lines of such a name go no further either', () => {
  const engine = new TestEngine()
  engine.ask({
    fields: { 'X-Real-IP': '1', 'x-real-ip': '2', 'X-REAL-IP': '3', 'X-Other': '4', X_Real_IP: '5' },
  })
  expect(engine.origin.last.request.fields.keys).toEqual(['x-other'])
})

test('what a stranger says of itself in the name of a proxy goes no further; a trusted one may say it', () => {
  const names = ['X-Real-IP', 'X-Forwarded-Port', 'X-Client-IP', 'X-Cluster-Client-IP', 'True-Client-IP']
  expect(forwarded(names)).toEqual([])
  expect(forwarded(names, true)).toEqual(names)
})
