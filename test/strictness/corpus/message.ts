// RFC 9112 §2: the message as a whole: line ends, empty lines before a request, the protocol's version, and bytes that
// are no HTTP/1.1 at all.
import { anyOf, type Case, forwarded, get, group, post, refuse, refused, row } from './case.ts'

const seen = forwarded('GET', '/c')

const lineEnds = group('RFC 9112 §2.2', 'line-ends', [
  refuse('bare-lf-everywhere', 'LF alone ends no line', 'GET /c HTTP/1.1\nHost: a\n\n'),
  refuse('bare-lf-after-request-line', 'LF alone ends no line', 'GET /c HTTP/1.1\nHost: a\r\n\r\n'),
  refuse('bare-lf-after-field', 'LF alone ends no line', 'GET /c HTTP/1.1\r\nHost: a\nX: b\r\n\r\n'),
  refuse('bare-lf-ends-head', 'the empty line is CRLF', 'GET /c HTTP/1.1\r\nHost: a\r\n\n'),
  refuse('bare-lf-before-head-end', 'LF then CRLF', 'GET /c HTTP/1.1\r\nHost: a\n\r\n'),
  refuse('lf-cr', 'the order is CR LF', 'GET /c HTTP/1.1\n\rHost: a\n\r\n\r'),
  refuse('bare-cr-after-request-line', 'CR alone ends no line', 'GET /c HTTP/1.1\rHost: a\r\n\r\n'),
  refuse('bare-cr-in-request-line', 'CR within a line', 'GET /c\r HTTP/1.1\r\nHost: a\r\n\r\n'),
  refuse('bare-cr-in-value', 'CR within a value', get('X: a\rb')),
  refuse('bare-cr-starts-value', 'CR within a value', get('X: \rb')),
  refuse('bare-cr-ends-value', 'CR CR LF', get('X: b\r')),
  refuse('bare-cr-in-name', 'CR within a name', get('X\rY: b')),
  refuse('bare-cr-hides-field', 'one line for some, two for others', get('X: b\rTransfer-Encoding: chunked')),
  refuse('bare-cr-line', 'a line of CR alone', 'GET /c HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n'),
  refuse('bare-lf-hides-field', 'one line for some, two for others', get('X: b\nTransfer-Encoding: chunked')),
  refuse('bare-lf-hides-request', 'a head that ends early for some', get(`X: b\n\nGET /smuggled HTTP/1.1`)),
  refuse('cr-cr-lf-ends-head', 'CR CR LF is not the empty line', 'GET /c HTTP/1.1\r\nHost: a\r\n\r\r\n'),
  refuse('nel', 'NEL (0x85) ends no line', 'GET /c HTTP/1.1\x85Host: a\r\n\r\n'),
  refuse('vertical-tab-line', 'VT ends no line', 'GET /c HTTP/1.1\x0bHost: a\r\n\r\n'),
  refuse('form-feed-line', 'FF ends no line', 'GET /c HTTP/1.1\x0cHost: a\r\n\r\n'),
  refuse('nul-line', 'NUL ends no line', 'GET /c HTTP/1.1\x00\r\nHost: a\r\n\r\n'),
])

const before = group('RFC 9112 §2.2', 'before-request', [
  row('one-empty-line', 'one is to be ignored', `\r\n${get()}`, seen),
  row('two-empty-lines', 'a second does no harm', `\r\n\r\n${get()}`, seen),
  row(
    'empty-line-after-body',
    'old clients send CRLF after a POST',
    `${post(['Content-Length: 2'], 'ab')}\r\n${get()}`,
    forwarded('POST', '/c', 'ab'),
    seen,
  ),
  row('three-empty-lines', 'patience has an end', `\r\n\r\n\r\n${get()}`, anyOf(refused(), seen)),
  refuse('hundred-empty-lines', 'patience has an end', `${'\r\n'.repeat(100)}${get()}`),
  refuse('empty-lf-line', 'an empty line is CRLF', `\n${get()}`),
  refuse('empty-cr-line', 'an empty line is CRLF', `\r${get()}`),
  refuse('space', 'white space before the method', ` ${get()}`),
  refuse('tab', 'white space before the method', `\t${get()}`),
  refuse('space-line', 'a line of white space is not empty', ` \r\n${get()}`),
  refuse('nul', 'a control byte before the method', `\x00${get()}`),
  refuse('byte-order-mark', 'U+FEFF before the method', `\xef\xbb\xbf${get()}`),
  refuse('field-first', 'a field before the request line', `X: b\r\n${get()}`),
])

const whitespace = group('RFC 9112 §2.2', 'before-first-field', [
  refuse('space', 'read as a field by some, dropped by others', 'GET /c HTTP/1.1\r\n Host: a\r\n\r\n'),
  refuse('tab', 'read as a field by some, dropped by others', 'GET /c HTTP/1.1\r\n\tHost: a\r\n\r\n'),
  refuse('blank-line', 'a line of white space', 'GET /c HTTP/1.1\r\n \r\nHost: a\r\n\r\n'),
  refuse(
    'hidden-framing',
    'a framing field that some drop',
    'POST /c HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  ),
])

const version = (text: string) => `GET /c ${text}\r\nHost: a\r\n\r\n`
const versions = group('RFC 9112 §2.3', 'version', [
  refuse('2.0', 'another major version', version('HTTP/2.0'), 505),
  refuse('3.0', 'another major version', version('HTTP/3.0'), 505),
  refuse('9.9', 'another major version', version('HTTP/9.9'), 505),
  refuse('0.9', 'another major version', version('HTTP/0.9'), 505, 400),
  row(
    '1.2',
    'a higher minor version is read as 1.1 (RFC 9110 §2.5)',
    version('HTTP/1.2'),
    anyOf(seen, refused(505)),
  ),
  row(
    '1.9',
    'a higher minor version is read as 1.1 (RFC 9110 §2.5)',
    version('HTTP/1.9'),
    anyOf(seen, refused(505)),
  ),
  refuse('1.10', 'a version is two digits', version('HTTP/1.10'), 400, 505),
  refuse('01.1', 'a version is two digits', version('HTTP/01.1'), 400, 505),
  refuse('1.01', 'a version is two digits', version('HTTP/1.01'), 400, 505),
  refuse('11', 'no dot', version('HTTP/11'), 400, 505),
  refuse('1', 'no minor version', version('HTTP/1'), 400, 505),
  refuse('1-dot', 'no minor version', version('HTTP/1.'), 400, 505),
  refuse('comma', 'not a dot', version('HTTP/1,1'), 400, 505),
  refuse('plus', 'not a digit', version('HTTP/+1.1'), 400, 505),
  refuse('minus', 'not a digit', version('HTTP/-1.1'), 400, 505),
  refuse('hex', 'not a digit', version('HTTP/0x1.1'), 400, 505),
  refuse('letters', 'not a digit', version('HTTP/a.b'), 400, 505),
  refuse('lower-case', 'the name is case-sensitive', version('http/1.1'), 400, 505),
  refuse('mixed-case', 'the name is case-sensitive', version('Http/1.1'), 400, 505),
  refuse('https', 'another name', version('HTTPS/1.1'), 400, 505),
  refuse('icy', 'another name', version('ICY/1.0'), 400, 505),
  refuse('rtsp', 'another protocol', version('RTSP/1.0'), 400, 505),
  refuse('sip', 'another protocol', version('SIP/2.0'), 400, 505),
  refuse('no-slash', 'no slash', version('HTTP1.1'), 400, 505),
  refuse('space-before-slash', 'white space within', version('HTTP /1.1'), 400, 505),
  refuse('space-after-slash', 'white space within', version('HTTP/ 1.1'), 400, 505),
  refuse('space-in-number', 'white space within', version('HTTP/1. 1'), 400, 505),
  refuse('space-after', 'white space after the version', version('HTTP/1.1 '), 400, 505),
  refuse('tab-after', 'white space after the version', version('HTTP/1.1\t'), 400, 505),
  refuse('word-after', 'another word after the version', version('HTTP/1.1 x'), 400, 505),
  refuse('twice', 'two versions', version('HTTP/1.1 HTTP/1.1'), 400, 505),
  refuse('wide-digits', 'digits of another script', version('HTTP/\xd9\xa1.1'), 400, 505),
  refuse('missing', 'an HTTP/0.9 request', 'GET /c\r\n', 400, 505),
  refuse('missing-with-fields', 'no version, but fields', 'GET /c\r\nHost: a\r\n\r\n', 400, 505),
  refuse('empty', 'a space and no version', 'GET /c \r\nHost: a\r\n\r\n', 400, 505),
])

const others = group('RFC 9112 §2.1', 'other-protocols', [
  refuse(
    'http2-preface',
    'HTTP/2 with prior knowledge',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    505,
    400,
  ),
  refuse('tls', 'a TLS ClientHello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 400, 0),
  refuse('ssh', 'an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n', 400, 0),
  refuse(
    'proxy-v1',
    'PROXY protocol, not agreed upon',
    `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${get()}`,
    400,
    505,
  ),
  refuse('proxy-v2', 'PROXY protocol, not agreed upon', `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c${get()}`),
  refuse('smtp', 'another protocol', 'EHLO a\r\n', 400, 505),
  refuse('response', 'a response is no request', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 400, 505),
  refuse('redis', 'another protocol', '*1\r\n$4\r\nPING\r\n'),
  refuse('fastcgi', 'another protocol', '\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0\r\n\r\n', 400, 0),
])

const unfinished: Case[] = group('RFC 9112 §8', 'unfinished', [
  { ...refuse('method', 'nothing more comes', 'GE', 408, 0), after: 'wait' },
  { ...refuse('request-line', 'nothing more comes', 'GET /c HTTP/1.1\r\n', 408, 0), after: 'wait' },
  { ...refuse('field', 'nothing more comes', 'GET /c HTTP/1.1\r\nHost: a\r\nX: ', 408, 0), after: 'wait' },
  { ...refuse('last-cr', 'nothing more comes', 'GET /c HTTP/1.1\r\nHost: a\r\n\r', 408, 0), after: 'wait' },
  { ...refuse('fin-in-request-line', 'the client ends', 'GET /c HT', 400, 0), after: 'fin' },
  {
    ...refuse('fin-in-field', 'the client ends', 'GET /c HTTP/1.1\r\nHost: a\r\nX: b', 400, 0),
    after: 'fin',
  },
  {
    ...refuse('fin-before-empty-line', 'the client ends', 'GET /c HTTP/1.1\r\nHost: a\r\n', 400, 0),
    after: 'fin',
  },
  {
    ...row('fin-in-body', 'an incomplete body is no request', post(['Content-Length: 10'], 'half'), {
      kind: 'refused',
      statuses: [400, 0],
      begun: '/c',
    }),
    after: 'fin',
  },
  {
    ...row(
      'fin-in-chunks',
      'a body without its last chunk is no request',
      post(['Transfer-Encoding: chunked'], '4\r\nhalf\r\n'),
      { kind: 'refused', statuses: [400, 0], begun: '/c' },
    ),
    after: 'fin',
  },
])

export const messageCases: readonly Case[] = [
  ...lineEnds,
  ...before,
  ...whitespace,
  ...versions,
  ...others,
  ...unfinished,
]
