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

const gatewayFields = (originHost?: string) => {
  const engine = new TestEngine(originHost === undefined ? {} : { originHost })
  engine.ask()
  return engine.origin.last.request.gateway.fields
}

test('an origin that serves by name gets that name as Host, and is told the one that was asked for', () => {
  const own = gatewayFields('shop.example:8080')
  expect([own.get('host'), own.get('x-forwarded-host')]).toEqual(['shop.example:8080', 'a.test'])
  expect(own.get('forwarded')).toContain('host="a.test"')
  expect(gatewayFields().get('host')).toBe('a.test')
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

/** The fields that the origin gets of a request with these. */
function fieldsFor(
  fields: Readonly<Record<string, string>>,
  trusted = false,
): (key: string) => string | undefined {
  const engine = new TestEngine()
  engine.ask({ fields, trusted })
  const { last } = engine.origin
  return (key) => last.field(key)
}

describe('the gateway’s own lines', () => {
  test('tell who asks, for what, and through whom', () => {
    const field = fieldsFor({})
    expect(field('host')).toBe('a.test')
    expect(field('forwarded')).toBe('for=192.0.2.7;host="a.test";proto=http')
    expect(field('x-forwarded-for')).toBe('192.0.2.7')
    expect([field('x-forwarded-proto'), field('x-forwarded-host')]).toEqual(['http', 'a.test'])
    expect([field('via'), field('cdn-loop')]).toEqual(['1.1 myriad', 'myriad; id=here'])
    expect(field('accept-encoding')).toBe('identity')
  })

  const said = { Forwarded: 'for=1.2.3.4', 'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Proto': 'https' }

  test('take the place of what a stranger says', () => {
    const field = fieldsFor(said)
    expect(field('forwarded')).toBe('for=192.0.2.7;host="a.test";proto=http')
    expect([field('x-forwarded-for'), field('x-forwarded-proto')]).toEqual(['192.0.2.7', 'http'])
  })

  test('stand behind what a trusted peer says', () => {
    const field = fieldsFor(said, true)
    expect(field('forwarded')).toBe('for=1.2.3.4, for=192.0.2.7;host="a.test";proto=http')
    expect(field('x-forwarded-for')).toBe('1.2.3.4, 192.0.2.7')
  })

  test('stand behind those of other gateways', () => {
    const field = fieldsFor({ Via: '1.0 a', 'CDN-Loop': 'b' })
    expect([field('via'), field('cdn-loop')]).toEqual(['1.0 a, 1.1 myriad', 'b, myriad; id=here'])
  })
})

describe('the client’s own', () => {
  test('conditions and ranges are the cache’s where it stores, and go on where it does not', () => {
    const fields = { 'If-None-Match': '"a"', 'If-Modified-Since': 'x', Range: 'bytes=0-1', 'If-Range': '"a"' }
    const engine = new TestEngine()
    engine.ask({ fields })
    const { last: stored } = engine.origin
    expect([stored.field('if-none-match'), stored.field('if-modified-since')]).toEqual([undefined, undefined])
    expect([stored.field('range'), stored.field('if-range')]).toEqual(['bytes=0-1', '"a"'])
    engine.ask({ method: 'POST', fields })
    expect(engine.origin.last.field('if-none-match')).toBe('"a"')
  })

  test('fields of this connection, and those that frame the body, end here', () => {
    const engine = new TestEngine()
    engine.ask({
      method: 'POST',
      fields: {
        Connection: 'X-Mine',
        'X-Mine': '1',
        'Keep-Alive': 'x',
        TE: 'trailers',
        'Content-Length': '0',
        'Content-Type': 'text/plain',
        Expect: '100-continue',
      },
    })
    expect(engine.origin.last.request.fields.keys).toEqual(['content-type'])
  })
})

/** The address that the origin is told as the client's. */
function believed(fields: Readonly<Record<string, string>>, trusted = true): string {
  const engine = new TestEngine()
  engine.ask({ trusted, fields })
  return engine.origin.last.request.gateway.clientAddress
}

describe('the address that an origin takes as a fact', () => {
  test.each<[Record<string, string>, string]>([
    [{}, '192.0.2.7'],
    [{ 'X-Forwarded-For': '198.51.100.1, 198.51.100.2' }, '198.51.100.2'],
    [{ 'X-Forwarded-For': '198.51.100.2:4711' }, '198.51.100.2'],
    [{ Forwarded: 'for=198.51.100.1, for="[2001:db8::1]:4711";proto=https' }, '2001:db8::1'],
    [{ Forwarded: 'proto=https', 'X-Forwarded-For': '2001:db8::2' }, '2001:db8::2'],
    [{ Forwarded: 'for=unknown' }, '192.0.2.7'],
    [{ 'X-Forwarded-For': 'localhost' }, '192.0.2.7'],
    [{ 'X-Forwarded-For': '' }, '192.0.2.7'],
  ])('is what a trusted peer says it is: %p', (fields, address) => {
    expect(believed(fields)).toBe(address)
  })

  test("is the peer's own when it is a stranger", () => {
    expect(believed({ 'X-Forwarded-For': '198.51.100.1', Forwarded: 'for=198.51.100.1' }, false)).toBe(
      '192.0.2.7',
    )
  })
})
