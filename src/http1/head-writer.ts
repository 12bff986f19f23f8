// Writes heads in HTTP/1.1 form. What is written here was read by a codec or made by Myriad; a line break in it would
// be an injection, so it is checked once more where the text leaves.
import { assert } from '../base/assert.ts'
import type { Fields } from '../http/fields.ts'

const reasonPhrases: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  103: 'Early Hints',
  200: 'OK',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
}

/** 'HTTP/1.1 200 OK' with its line end; the origin's own phrase where there is one. */
export function statusLine(status: number, reason: string): string {
  return `HTTP/1.1 ${status} ${reason === '' ? (reasonPhrases[status] ?? '') : reason}\r\n`
}

/** Field lines, each with its line end. */
export function fieldLines(fields: Fields): string {
  if (fields.text !== undefined) return fields.text
  let text = ''
  const { names, values } = fields
  for (let i = 0; i < names.length; i++) text += `${names[i]}: ${values[i]}\r\n`
  return text
}

/** The octets of a head. Throws an AssertionError when it holds more line breaks than its lines, or none at its end. */
export function headOctets(head: string): Buffer {
  assert(
    head.endsWith('\r\n\r\n') && !/\r(?!\n)|(?<!\r)\n|\r\n\r\n(?!$)|\0/.test(head),
    'a head with a stray line break',
  )
  return Buffer.from(head, 'latin1')
}
