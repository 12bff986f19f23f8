// Records that are sealed by one end and opened by the other, the end of a client being that of a server with the secrets
// exchanged. That others understand them, tls-socket.test.ts shows.
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { pointerTo } from './libc.ts'
import { openSsl } from './openssl.ts'
import { ContentType, RECORD_HEADER_BYTES, SEALED_BYTES_MAX, TlsRecords } from './tls-records.ts'
import { cipherSuite } from './tls-secrets.ts'

const suites = [0x1301, 0x1302, 0x1303].map((number) => cipherSuite(number)!)
const into = Buffer.allocUnsafeSlow(SEALED_BYTES_MAX + RECORD_HEADER_BYTES)
const opened = Buffer.allocUnsafeSlow(SEALED_BYTES_MAX)

/** Both ends of a connection. */
function pair(suite = suites[0]!, seed = 1, sent = 0): { server: TlsRecords; client: TlsRecords } {
  const [one, other] = [seed, seed + 1].map((octet) => new Uint8Array(suite.secretBytes).fill(octet))
  const calls = openSsl()!
  const server = new TlsRecords(calls, suite, { client: one!, server: other! }, sent)
  return { server, client: new TlsRecords(calls, suite, { client: other!, server: one! }, 0) }
}

function seal(by: TlsRecords, content: Uint8Array, type: number = ContentType.data): Buffer {
  // With a buffer of its own, whose place stays.
  const source = Buffer.allocUnsafeSlow(Math.max(1, content.length))
  source.set(content)
  const end = by.seal(type, pointerTo(source), content.length, into, pointerTo(into), 0)
  return Buffer.from(into.subarray(0, end))
}

function open(by: TlsRecords, record: Buffer): Buffer | number {
  const bytes = record.readUInt16BE(3)
  expect(bytes + RECORD_HEADER_BYTES).toBe(record.length)
  const count = by.open(record, 0, bytes, opened, pointerTo(opened))
  return count < 0 ? count : Buffer.from(opened.subarray(0, count))
}

describe.skipIf(openSsl() === undefined)('records', () => {
  test.each(suites)('property: of $cipher open to what was sealed, however many take turns', (suite) => {
    // More than there are ciphers, so that keys are set anew.
    const pairs = Array.from({ length: 600 }, (_, i) => pair(suite, i % 200))
    const content = fc.uint8Array({ maxLength: 400 })
    const step = fc.record({ at: fc.nat(599), content, isUp: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
        for (const each of steps) {
          const { server, client } = pairs[each.at]!
          const [from, to] = each.isUp ? [client, server] : [server, client]
          expect(open(to, seal(from, each.content))).toEqual(Buffer.from(each.content))
          expect(to.type).toBe(ContentType.data)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('property: with any octet changed do not open', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...suites),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (suite, content, place, change) => {
          const { server, client } = pair(suite)
          const record = seal(client, content)
          const at = place % record.length
          record[at]! ^= change
          const bytes = record.length - RECORD_HEADER_BYTES
          expect(server.open(record, 0, bytes, opened, pointerTo(opened))).toBe(-1)
        },
      ),
    )
  })

  test('come in order, once each', () => {
    const { server, client } = pair()
    const [first, second] = ['a', 'b'].map((text) => seal(client, Buffer.from(text)))
    expect(open(server, second!)).toBe(-1)
    const again = pair()
    expect(open(again.server, first!)).toEqual(Buffer.from('a'))
    expect(open(again.server, first!)).toBe(-1)
  })

  test('begin behind those that the library has sent', () => {
    const { server, client } = pair(suites[0], 1, 2)
    const skipped = pair()
    for (const text of ['ticket', 'ticket']) seal(skipped.server, Buffer.from(text))
    expect(open(skipped.client, seal(skipped.server, Buffer.from('x')))).toBe(-1)
    const third = seal(server, Buffer.from('x'))
    expect(open(client, third)).toBe(-1)
  })

  test('carry their kind behind them, and zeros behind that', () => {
    const { server, client } = pair()
    expect(open(server, seal(client, Buffer.from([1, 0]), ContentType.alert))).toEqual(Buffer.from([1, 0]))
    expect(server.type).toBe(ContentType.alert)
    const padded = Buffer.concat([Buffer.from('abc'), Buffer.from([ContentType.data]), Buffer.alloc(100)])
    expect(open(server, seal(client, padded, 0))).toEqual(Buffer.from('abc'))
    expect(server.type).toBe(ContentType.data)
    expect(open(server, seal(client, Buffer.alloc(7), 0))).toBe(-2)
    expect(server.open(Buffer.alloc(30), 0, 16, opened, pointerTo(opened))).toBe(-1)
  })

  test('of another key open only to who has it too', () => {
    const { server, client } = pair()
    client.renewWriting()
    expect(open(server, seal(client, Buffer.from('a')))).toBe(-1)
    const again = pair(suites[2])
    for (let i = 0; i < 3; i++) {
      again.client.renewWriting()
      again.server.renewReading()
      expect(open(again.server, seal(again.client, Buffer.from('a')))).toEqual(Buffer.from('a'))
    }
    again.server.free()
    again.client.free()
  })

  test('wear a key out', () => {
    const secret = new Uint8Array(32)
    const records = new TlsRecords(openSsl()!, suites[0]!, { client: secret, server: secret }, 2, 4)
    expect(records.isKeyWorn).toBe(false)
    for (let i = 0; i < 2; i++) seal(records, Buffer.from('a'))
    expect(records.isKeyWorn).toBe(true)
    records.renewWriting()
    expect(records.isKeyWorn).toBe(false)
  })
})
