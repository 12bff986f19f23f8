// The head of a request to an HTTP/1.1 origin, framing fields included (RFC 9112 §3 and §6): put into a buffer, with the
// client's lines copied as they came where they can be, or as text.
import { fieldLines } from '../../http1/head-writer.ts'
import type { OriginRequest } from '../origin.ts'

const VERSION = ' HTTP/1.1\r\n'

/** Writes the head to the start of `into`. Returns its length; -1 when there is no room. */
export function writeRequestHead(request: OriginRequest, into: Buffer): number {
  const { method, pathAndQuery, gateway } = request
  const framing = framingLines(request)
  const rest = framing.length + 2
  if (method.length + pathAndQuery.length + gateway.text.length + VERSION.length + 1 + rest > into.length)
    return -1
  // One after the other, and not as one text: that would be put together first, and then be copied again.
  let at = into.latin1Write(method, 0)
  into[at++] = 32
  at += into.latin1Write(pathAndQuery, at)
  at += into.latin1Write(VERSION, at)
  at += into.latin1Write(gateway.text, at)
  const copied = request.copyLines === undefined ? -1 : request.copyLines(into, at)
  if (copied >= 0) at = copied
  else {
    const lines = fieldLines(request.fields)
    if (at + lines.length > into.length) return -1
    at += into.latin1Write(lines, at)
  }
  if (at + rest > into.length) return -1
  if (framing !== '') at += into.latin1Write(framing, at)
  into[at++] = 13
  into[at++] = 10
  return at
}

/** The head as text, of any length. */
export function requestHead(request: OriginRequest): string {
  const { method, pathAndQuery, gateway, fields } = request
  return `${method} ${pathAndQuery}${VERSION}${gateway.text}${fieldLines(fields)}${framingLines(request)}\r\n`
}

function framingLines({ method, body, expectsContinue, upgrade }: OriginRequest): string {
  let lines = ''
  if (body.kind === 'whole') lines = `Content-Length: ${body.bytes.length}\r\n`
  else if (body.kind === 'stream') {
    lines = body.bytes === undefined ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.bytes}\r\n`
    if (expectsContinue) lines += 'Expect: 100-continue\r\n'
  } else if (method === 'POST' || method === 'PUT' || method === 'PATCH') lines = 'Content-Length: 0\r\n'
  if (upgrade !== undefined) lines += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
  return lines
}
