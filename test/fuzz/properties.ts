// What must hold for every input, on both sides of the codec. Each check returns what is wrong, in words.
import { encodeChunk, encodeLastChunk } from '../../src/http1/chunked.ts'
import { fieldLines, headOctets, statusLine } from '../../src/http1/head-writer.ts'
import type { Http1Limits } from '../../src/http1/limits.ts'
import { RequestReader } from '../../src/http1/request-reader.ts'
import { ResponseReader } from '../../src/http1/response-reader.ts'
import { parseRequestHead } from '../../testing/raw-origin.ts'
import type { Random } from './random.ts'
import { isHopByHop } from '../../src/http/hopbyhop.ts'
import type { Fields } from '../../src/http/fields.ts'
import {
  type AcceptedRequest,
  type AcceptedResponse,
  readRequests,
  readResponse,
  replaced,
} from './streams.ts'

const wide: Http1Limits = {
  targetBytes: 8192,
  fieldsBytes: 32_768,
  fieldLines: 128,
  headTime: 10_000,
  bodyBytes: 1 << 20,
  trailerBytes: 8192,
}
/** So that limits are met by short inputs. */
const narrow: Http1Limits = {
  ...wide,
  targetBytes: 16,
  fieldsBytes: 96,
  fieldLines: 3,
  bodyBytes: 6,
  trailerBytes: 16,
}

// Readers that live on, as in a process: what they remember must not show.
const requestReaders = [wide, narrow].map((limits) => new RequestReader(limits))
const responseReaders = [false, true].map((lenient) => new ResponseReader(wide, lenient))
const canonical = new RequestReader({ ...wide, targetBytes: 100_000, fieldsBytes: 100_000, fieldLines: 1000 })

/** Requests: the same for every split; what is accepted is one request for everybody, and stays it. */
export function checkRequests(input: Buffer, random: Random): string | undefined {
  const at = random.once(3) ? 1 : 0
  const whole = readRequests(requestReaders[at]!, [input])
  const split = readRequests(requestReaders[at]!, random.split(input))
  if (whole.record !== split.record)
    return differ('a split changes what is understood', whole.record, split.record)
  if (random.once(16)) {
    const anew = readRequests(new RequestReader([wide, narrow][at]!), [input])
    if (whole.record !== anew.record)
      return differ('a new reader understands something else', whole.record, anew.record)
  }
  for (const message of whole.messages) {
    const problem = checkAccepted(message) ?? checkPassed(message.fields, message.passed, random)
    if (problem) return problem
  }
  return undefined
}

/** A broken triplet, an encoded NUL, hexadecimal in lower case, an unreserved character that is encoded (RFC 3986 §2.3). */
const notNormal = /%(?![0-9A-F]{2})|%00|%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/

function checkAccepted(message: AcceptedRequest): string | undefined {
  const { method, pathAndQuery, authority, fields } = message
  if (!/^(?:\/[!-~]*|\*)$/.test(pathAndQuery) || pathAndQuery.includes('#'))
    return `accepted the target ${pathAndQuery}`
  const path = pathAndQuery.split('?')[0]!
  const dots = path.split('/').some((segment) => segment === '.' || segment === '..')
  if (dots || notNormal.test(path)) return `accepted the path ${path}, which is not in normal form`
  if (authority !== authority.toLowerCase() || /[^a-z0-9\-._~[\]:]/.test(authority))
    return `accepted the authority ${authority}`
  // As it goes to an origin: whoever reads strictly must read the same, and so must Myriad itself.
  const forwarded = fields.clone()
  forwarded.set('Host', authority)
  // Framing and the fields of the connection are made anew for the next hop.
  for (const key of ['content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade'])
    forwarded.delete(key)
  const text = `${method} ${pathAndQuery} HTTP/1.1\r\n${fieldLines(forwarded)}\r\n`
  const octets = headOctets(text)
  const outcome = canonical.read(octets, 0, octets.length)
  if (authority === '') return undefined
  if (outcome !== 'complete') return `${canonical.failure?.message}: ${JSON.stringify(text)}`
  if (canonical.next !== octets.length)
    return `reads ${canonical.next} of ${octets.length}: ${JSON.stringify(text)}`
  const again = canonical
  if (again.method !== method || again.pathAndQuery !== pathAndQuery || again.authority !== authority)
    return differ(
      'does not survive a round trip',
      text,
      `${again.method} ${again.pathAndQuery} ${again.authority}`,
    )
  const lines = JSON.stringify([...forwarded])
  const linesAgain = JSON.stringify([...again.lines.fields()])
  if (linesAgain !== lines) return differ('fields do not survive', lines, linesAgain)
  const strict = parseRequestHead(text)
  if (strict.method !== method || strict.target !== pathAndQuery || JSON.stringify(strict.fields) !== lines)
    return differ('another reader reads it differently', text, JSON.stringify(strict))
  return undefined
}

/** What is passed on is what was read without what ends here, and its text says the same as its lines, changed or not. */
function checkPassed(fields: Fields, passed: Fields, random: Random): string | undefined {
  const named =
    fields
      .get('connection')
      ?.toLowerCase()
      .split(',')
      .map((option) => option.trim()) ?? []
  const kept = [...fields].filter(([name]) => {
    const key = name.toLowerCase()
    return !isHopByHop(key) && !named.includes(key) && !replaced.has(key)
  })
  if (JSON.stringify([...passed]) !== JSON.stringify(kept))
    return differ('passes on something else', JSON.stringify(kept), JSON.stringify([...passed]))
  for (let i = random.below(3); i > 0; i--) {
    const name = random.pick(['X', 'Range', 'If-None-Match', 'New'])
    if (random.once(3)) passed.delete(name.toLowerCase())
    else if (random.once(2)) passed.append(name, 'changed')
    else passed.set(name, 'changed')
  }
  const text = fieldLines(random.once(4) ? passed.clone() : passed)
  const octets = Buffer.from(`GET / HTTP/1.0\r\n${text}\r\n`, 'latin1')
  if (canonical.read(octets, 0, octets.length) !== 'complete') return `${canonical.failure?.message}: ${text}`
  const again = JSON.stringify([...canonical.lines.fields()])
  const lines = JSON.stringify([...passed])
  if (again !== lines) return differ('the text says something else than the lines', lines, again)
  parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${text}\r\n`)
  return undefined
}

const answeredMethods = ['GET', 'GET', 'GET', 'HEAD', 'POST']

/** Responses: the same for every split; what is accepted can be sent on, and is read the same then. */
export function checkResponses(input: Buffer, random: Random): string | undefined {
  const reader = random.pick(responseReaders)
  const method = random.pick(answeredMethods)
  // Reading unfolds lines in place: each reading has octets of its own.
  const whole = readResponse(reader, [Buffer.from(input)], method)
  const split = readResponse(reader, random.split(input), method)
  if (whole.record !== split.record)
    return differ('a split changes what is understood', whole.record, split.record)
  for (const message of whole.messages) {
    const problem = checkSentOn(message) ?? checkPassed(message.fields, message.passed, random)
    if (problem) return problem
  }
  return undefined
}

function checkSentOn({ status, reason, fields }: AcceptedResponse): string | undefined {
  if (status < 100 || status > 599) return `accepted the status ${status}`
  const octets = headOctets(`${statusLine(status, reason)}${fieldLines(fields)}\r\n`)
  const reader = responseReaders[1]!
  const outcome = reader.read(octets, 0, octets.length, 'HEAD')
  if (outcome !== 'complete') return `${reader.problem}: ${JSON.stringify(octets.toString('latin1'))}`
  const again = reader.head()
  if (again.status !== status || JSON.stringify([...again.fields]) !== JSON.stringify([...fields]))
    return differ(
      'does not survive a round trip',
      JSON.stringify([...fields]),
      JSON.stringify([...again.fields]),
    )
  return undefined
}

/** Chunked bodies: what is encoded is decoded, however it is split, and what follows is left alone. */
export function checkChunks(input: Buffer, random: Random): string | undefined {
  const pieces = random.split(input)
  const head = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const next = Buffer.from('GET /next HTTP/1.1\r\nHost: a\r\n\r\n')
  const coded = Buffer.concat([
    head,
    ...pieces.map((piece) => Buffer.from(encodeChunk(piece))),
    Buffer.from(encodeLastChunk()),
    next,
  ])
  const { record, messages } = readRequests(requestReaders[0]!, random.split(coded))
  if (messages.length !== 2 || messages[1]!.pathAndQuery !== '/next')
    return `chunks swallow what follows: ${record}`
  return record.includes(`body ${input.toString('latin1')} \n`)
    ? undefined
    : differ('a body does not survive', input.toString('latin1'), record)
}

function differ(what: string, one: string, other: string): string {
  return `${what}:\n${JSON.stringify(one)}\n${JSON.stringify(other)}`
}
