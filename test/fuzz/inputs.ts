// Inputs for the codec: messages from a small grammar, in which everything goes wrong now and then, and mutations of
// them and of the corpora. One character is one octet.
import { corpus } from '../strictness/corpus/corpus.ts'
import type { Random } from './random.ts'

/** Words that are right, and words that are not, or not always. */
interface Words {
  readonly right: readonly string[]
  readonly odd: readonly string[]
}

const methods: Words = {
  right: ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'get', 'M-SEARCH'],
  odd: ['CONNECT', 'TRACE', 'G(T', 'A'.repeat(40), ''],
}
const targets: Words = {
  right: [
    '/',
    '/a/b?c=d',
    '/%61/%2e%2E/b%2f',
    '/a/./../b/..',
    '//x/../y',
    '/a?%zz',
    '/..;/x',
    '/.%2e/%2e.',
    'http://a/b',
    'http://A:80?x',
    'HTTP://a/../b',
  ],
  odd: ['/%', '/%0', '/%00', '/a#b', '*', 'http://b/', 'a:80', '/\\x', '/{a}|b', 'x', '/\x80', '/a b'],
}
const versions: Words = {
  right: ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2'],
  odd: ['HTTP/2.0', 'HTTP/1.', 'http/1.1', 'HTTP/1.1 ', 'H', ''],
}
const hosts: Words = { right: ['a', 'a', 'A:80', 'a:'], odd: ['b', '[::1]:8', 'u@a', 'a, a', ''] }
const fields: Words = {
  right: [
    'X: a',
    'X:',
    'Cookie: a=b; c',
    'Connection: close',
    'Connection: keep-alive, x',
    'TE: trailers',
    'Range: bytes=0-1',
    'X-Forwarded-For: a',
    "!#$%&'*+-.^_`|~: a",
    'X: \t padded \t ',
    'X: tab\there',
    'X: \x80\xff',
    'If-None-Match: "a", W/"b"',
  ],
  odd: [
    'Expect: 100-continue',
    'Expect: tea',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Host: a',
    'Content-Length: 5',
    'content-length: 0',
    'Content-Length: 05',
    'Content-Length: 5, 5',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: Chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: identity',
    'X : a',
    ' X: a',
    'X',
    ': a',
    'X Y: a',
    '\xe9: a',
    'X: a\x00b',
    'X: a\rb',
    'X: a\r\n b',
    'X: a\r\n\t',
    'X: a\nb',
    `X: ${'x'.repeat(100)}`,
  ],
}
const lineEnds: Words = { right: ['\r\n'], odd: ['\n', '\r', '\r\r\n', '', ' \r\n'] }
const chunkSizes: Words = {
  right: ['1', '2', '5', 'a', 'A'],
  odd: ['0', '00', '05', '', '-1', '0x1', 'g', ' 1', '1 ', 'ffffffffffffffff', '10000000000000000'],
}
const extensions: Words = {
  right: ['', '', '', ';a', ';a=b', ';a="b;c"'],
  odd: [';', ' ;a', ';a\n', ';\x00', ';a\rb'],
}
const statuses: Words = {
  right: [
    '200 OK',
    '200 OK',
    '200',
    '200 ',
    '204 No Content',
    '304 Not Modified',
    '206 Partial',
    '404 Not \xc4',
    '100 Continue',
    '103 Early Hints',
  ],
  odd: ['101 Switching', '99 X', '600 X', '2x0 X', '1000 X', ''],
}

/** Chooses words; `oddTimes`: one in so many is odd, 0: none. */
class Speaker {
  readonly #oddTimes: number

  constructor(readonly random: Random) {
    // Of three messages one is right throughout.
    this.#oddTimes = random.once(3) ? 0 : 4 + random.below(20)
  }

  word(words: Words): string {
    const odd = this.#oddTimes > 0 && this.random.once(this.#oddTimes)
    return this.random.pick(odd ? words.odd : words.right)
  }

  end(): string {
    return this.word(lineEnds)
  }
}

/** A request, or something like it. */
function requestText(random: Random): string {
  const say = new Speaker(random)
  const before = random.once(20) ? random.pick(['\r\n', '\r\n\r\n', '\n', ' ']) : ''
  const line = `${say.word(methods)} ${say.word(targets)} ${say.word(versions)}${say.end()}`
  return `${before}${line}Host: ${say.word(hosts)}${say.end()}${fieldsAndBody(say)}`
}

/** A response, or something like it. */
function responseText(random: Random): string {
  const say = new Speaker(random)
  const text = `${say.word(versions)} ${say.word(statuses)}${say.end()}${fieldsAndBody(say)}`
  return text.startsWith('HTTP/1.1 1') ? text + responseText(random) : text
}

function fieldsAndBody(say: Speaker): string {
  let text = ''
  for (let i = say.random.below(6); i > 0; i--) text += say.word(fields) + say.end()
  switch (say.random.below(4)) {
    case 0:
      return `${text}Content-Length: 5${say.end()}${say.end()}hello`
    case 1:
      return `${text}Transfer-Encoding: chunked${say.end()}${say.end()}${chunkedText(say)}`
    default:
      return text + say.end()
  }
}

function chunkedText(say: Speaker): string {
  let text = ''
  for (let i = say.random.below(4); i > 0; i--) {
    const size = say.word(chunkSizes)
    const count = Number.parseInt(size, 16)
    text += `${size}${say.word(extensions)}${say.end()}${'abcdefghij'.slice(0, count || 0)}${say.end()}`
  }
  text += `0${say.word(extensions)}${say.end()}`
  for (let i = say.random.once(3) ? say.random.below(3) : 0; i > 0; i--) text += say.word(fields) + say.end()
  return text + say.end()
}

const tokens = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0\r\n\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Host: b\r\n',
  'HTTP/1.1',
  '%2e',
  '%00',
  '../',
  '\x80',
  '\xff',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
]

/** Changes a text in one to three places. */
export function mutated(text: string, random: Random, other: () => string): string {
  let now = text
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(now.length + 1)
    const head = now.slice(0, at)
    const tail = now.slice(at)
    switch (random.below(8)) {
      case 0:
        now = head + tail.slice(1)
        break
      case 1:
        now = head + String.fromCharCode(random.below(256)) + tail.slice(1)
        break
      case 2:
        now = head + random.pick(tokens) + tail
        break
      case 3:
        now = head + tail.slice(random.below(20))
        break
      case 4:
        now = head + tail.slice(0, random.below(30)) + tail
        break
      case 5:
        now = head
        break
      case 6:
        now = head + String.fromCharCode(tail.charCodeAt(0) ^ (1 << random.below(8))) + tail.slice(1)
        break
      default: {
        const more = other()
        now = head + more.slice(random.below(more.length))
      }
    }
  }
  return now
}

/** The corpus's requests that are not huge: the generator is to be fast. */
const seeds = corpus.map((one) => one.bytes).filter((bytes) => bytes.length < 2000)
/** Limits and endless things are long; now and then one of those. */
const longSeeds = corpus
  .map((one) => one.bytes)
  .filter((bytes) => bytes.length >= 2000 && bytes.length < 50_000)

/** One input for the side that reads requests. */
export function requestInput(random: Random): Buffer {
  const base = () => {
    if (random.once(2000)) return random.pick(longSeeds)
    return random.once(3) ? random.pick(seeds) : requestText(random)
  }
  let text = base()
  if (random.once(2)) text = mutated(text, random, base)
  if (random.once(4)) text += base()
  return Buffer.from(text, 'latin1')
}

/** One input for the side that reads responses. */
export function responseInput(random: Random): Buffer {
  const base = () => responseText(random)
  let text = base()
  if (random.once(2)) text = mutated(text, random, base)
  if (random.once(4)) text += base()
  return Buffer.from(text, 'latin1')
}
