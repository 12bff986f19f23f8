// One connection to an origin over a socket in memory: what makes it reusable, and what ends it.
import { describe, expect, test } from 'bun:test'
import { defaultsOf } from '../../base/setting.ts'
import type { Failure } from '../../base/failure.ts'
import { Fields } from '../../http/fields.ts'
import { limitRows } from '../../http1/limits.ts'
import { ResponseReader } from '../../http1/response-reader.ts'
import type { OriginRequest } from '../origin.ts'
import { OriginConnection, type Exchange, type OriginSocket } from './connection.ts'

class FakeSocket implements OriginSocket {
  sent = ''
  state: 'open' | 'ended' | 'terminated' = 'open'

  write(data: Uint8Array, byteOffset = 0, byteLength = data.length - byteOffset): number {
    this.sent += Buffer.from(data.subarray(byteOffset, byteOffset + byteLength)).toString('latin1')
    return byteLength
  }
  end(): void {
    this.state = 'ended'
  }
  terminate(): void {
    this.state = 'terminated'
  }
  shutdown(): void {}
  pause(): void {}
  resume(): void {}
}

const get: OriginRequest = {
  method: 'GET',
  pathAndQuery: '/',
  fields: Fields.of([['Host', 'a.example']]),
  body: { kind: 'none' },
  expectsContinue: false,
  upgrade: undefined,
}

class Answer implements Exchange {
  body = ''
  status = 0
  outcome: 'reusable' | 'ended' | Failure['code'] | undefined
  /** What happens as soon as it has ended. */
  next: (() => void) | undefined

  constructor(readonly request: OriginRequest = get) {}

  interim(): void {}
  head(status: number): void {
    this.status = status
  }
  data(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString('latin1')
    return true
  }
  end(_: Fields | undefined, reusable: boolean): void {
    this.outcome = reusable ? 'reusable' : 'ended'
    if (reusable) this.next?.()
  }
  fail(failure: Failure): void {
    this.outcome = failure.code
  }
  writable(): void {}
  upgraded(): void {}
}

function connected() {
  const socket = new FakeSocket()
  const reader = new ResponseReader(defaultsOf(limitRows))
  const connection = new OriginConnection(
    socket,
    reader,
    () => 0,
    () => undefined,
  )
  return { socket, connection, says: (text: string) => connection.onData(Buffer.from(text, 'latin1')) }
}

const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
const answers: readonly (readonly [framing: string, answer: string, method: string])[] = [
  ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'GET'],
  ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'GET'],
  ['without content', 'HTTP/1.1 204 No Content\r\n\r\n', 'GET'],
  ['to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n', 'HEAD'],
]

describe.each(answers)('an answer %s', (_, answer, method) => {
  test('leaves the connection for another exchange', () => {
    const { socket, connection, says } = connected()
    const first = new Answer({ ...get, method })
    connection.start(first)
    says(answer)
    expect([first.outcome, socket.state]).toEqual(['reusable', 'open'])
  })

  test.each([0, 1])(
    'with octets after it: those answer nobody, and the connection ends (cut at %i)',
    (cut) => {
      const { socket, connection, says } = connected()
      const first = new Answer({ ...get, method })
      const second = new Answer()
      // As the pool does it when somebody waits: the next exchange starts on the spot.
      first.next = () => connection.start(second)
      connection.start(first)
      if (cut > 0) says(answer.slice(0, -cut))
      says(`${cut > 0 ? answer.slice(-cut) : answer}${poison}`)
      expect([first.outcome, second.outcome, second.body]).toEqual(['ended', undefined, ''])
      expect(connection.isClosed).toBe(true)
      expect(socket.state).not.toBe('open')
    },
  )

  test('with octets that come while the connection lies idle: it ends', () => {
    const { socket, connection, says } = connected()
    connection.start(new Answer({ ...get, method }))
    says(answer)
    says('H')
    expect([connection.isClosed, socket.state]).toEqual([true, 'terminated'])
  })
})

test('octets held back for a slow client do not answer the next exchange', () => {
  const { connection, says } = connected()
  const first = new Answer()
  const second = new Answer()
  first.next = () => connection.start(second)
  connection.start(first)
  says('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
  connection.pause()
  says(`ok${poison}`)
  connection.resume()
  expect([first.outcome, first.body, second.status]).toEqual(['ended', 'ok', 0])
})
