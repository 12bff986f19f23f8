// Headers of the PROXY protocol in which something goes wrong now and then, and what must hold for each: the same is
// understood of every split, the header ends where it says, and no address is told that is none.
import { isIP } from 'node:net'
import { ProxyHeader } from '../../src/edge/proxy-protocol.ts'
import { mutated } from './inputs.ts'
import type { Random } from './random.ts'

const lines = [
  'PROXY TCP4 192.0.2.1 198.51.100.7 50000 80\r\n',
  'PROXY TCP6 2001:db8::1 2001:db8::2 50000 80\r\n',
  'PROXY UNKNOWN\r\n',
  'PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n',
]
const signature = '\r\n\r\n\0\r\nQUIT\n'

/** One header, and what may follow it. */
export function proxyInput(random: Random): Buffer {
  const base = (): string => {
    if (random.once(2)) return random.pick(lines)
    const length = random.pick([0, 11, 12, 36, 50, 216, 4_096, 4_097])
    const head = [random.pick([0x20, 0x21, 0x21, 0x22]), random.pick([0, 0x11, 0x21, 0x31, 0x12, 0x51])]
    const fixed = String.fromCharCode(...head, length >> 8, length & 255)
    return signature + fixed + String.fromCharCode(random.below(256)).repeat(Math.min(length, 300))
  }
  const text = random.once(2) ? base() : mutated(base(), random, base)
  return Buffer.from(random.once(2) ? `${text}GET / HTTP/1.1\r\n` : text, 'latin1')
}

/** What does not hold; undefined: all does. */
export function checkProxy(input: Buffer, random: Random): string | undefined {
  const whole = understood([input])
  const split = understood(random.split(input))
  if (whole.record !== split.record) return `whole: ${whole.record}\nsplit: ${split.record}`
  const { address } = whole
  return address !== undefined && isIP(address) === 0 ? `no address: ${address}` : undefined
}

function understood(pieces: readonly Buffer[]): {
  readonly record: string
  readonly address: string | undefined
} {
  const header = new ProxyHeader()
  let before = 0
  for (const piece of pieces) {
    const outcome = header.read(piece, 0, piece.length)
    if (outcome !== 'incomplete') {
      if (header.next < 0 || header.next > piece.length) throw new Error(`ends at ${header.next}`)
      const { address } = header
      return {
        record: `${outcome} ${address} ${outcome === 'complete' ? before + header.next : ''}`,
        address,
      }
    }
    before += piece.length
  }
  return { record: 'incomplete', address: undefined }
}
