// The keys of the published trace of a handshake (RFC 8448 §3), and how the next ones follow.
import { expect, test } from 'bun:test'
import { cipherSuite, IV_BYTES, nextSecret, writeTrafficKey } from './tls-secrets.ts'

const octets = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const suite = cipherSuite(0x1301)!

test.each([
  [
    'server',
    'a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43',
    '9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56 cf 78 2b 88 dd 83 54 9a ad f1 e9 84',
  ],
  [
    'client',
    '9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5',
    '17 42 2d da 59 6e d5 d9 ac d8 90 e3 c6 3f 50 51 5b 78 92 3d ee 08 57 90 33 e5 23 d9',
  ],
])('the key of the %s', (_, secret, key) => {
  const made = new Uint8Array(suite.keyBytes + IV_BYTES)
  writeTrafficKey(suite, octets(secret), made)
  expect(Buffer.from(made).equals(octets(key))).toBe(true)
})

test('a secret that follows is another one, as long as the one before it', () => {
  for (const number of [0x1301, 0x1302, 0x1303]) {
    const each = cipherSuite(number)!
    const first = new Uint8Array(each.secretBytes).fill(1)
    const second = nextSecret(each, first)
    expect(second).toHaveLength(each.secretBytes)
    expect(nextSecret(each, second)).not.toEqual(second)
    expect(nextSecret(each, first)).toEqual(second)
  }
  expect(cipherSuite(0x1304)).toBeUndefined()
})
