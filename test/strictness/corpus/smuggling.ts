// Whole attacks, as they have been used against pairs of servers: each tries to have a second request
// (`GET /smuggled`) read by the origin, or to have an answer given to the wrong request (RFC 9112 §11.1 and §11.2).
import {
  anyOf,
  type Case,
  chunked,
  forwarded,
  get,
  group,
  post,
  refuse,
  refused,
  refusedLate,
  row,
  smuggled,
} from './case.ts'

const te = 'Transfer-Encoding: chunked'
const zero = '0\r\n\r\n'
const hidden = `${zero}${smuggled}`
const cl = `Content-Length: ${hidden.length}`
const size = smuggled.length.toString(16)
const seen = forwarded('GET', '/c')

const classics = group('RFC 9112 §11.2', 'cl-te', [
  refuse('cl-te', 'the front counts, the back reads chunks', post([cl, te], hidden)),
  refuse(
    'te-cl',
    'the front reads chunks, the back counts',
    post(['Content-Length: 4', te], `${size}\r\n${smuggled}\r\n${zero}`),
  ),
  refuse('prefix', 'a prefix that swallows the next request', post(['Content-Length: 6', te], `${zero}G`)),
  refuse('get', 'the same on GET', `${get(cl, te)}${hidden}`),
  refuse('space-te', 'TE behind a space', post([cl, ` ${te}`], hidden)),
  refuse('tab-te', 'TE behind a tab', post([cl, `\t${te}`], hidden)),
  refuse('te-after-cr', 'TE behind a CR', post([cl, `X: y\r${te}`], hidden)),
  refuse('te-after-lf', 'TE behind a LF', post([cl, `X: y\n${te}`], hidden)),
  refuse(
    'te-space-colon',
    'TE with a space before the colon',
    post([cl, 'Transfer-Encoding : chunked'], hidden),
  ),
  refuse('te-tab-value', 'TE with a tab before its value', post([cl, 'Transfer-Encoding:\tchunked'], hidden)),
  refuse('te-vertical-tab', 'TE with a VT', post([cl, 'Transfer-Encoding:\x0bchunked'], hidden), 400, 501),
  refuse('te-x-chunked', 'TE: xchunked', post([cl, 'Transfer-Encoding: xchunked'], hidden), 400, 501),
  refuse('te-identity', 'TE: identity', post([cl, 'Transfer-Encoding: identity'], hidden), 400, 501),
  refuse(
    'te-twice',
    'TE twice, the second unknown',
    post([cl, te, 'Transfer-Encoding: x'], hidden),
    400,
    501,
  ),
  refuse(
    'te-twice-first-unknown',
    'TE twice, the first unknown',
    post([cl, 'Transfer-Encoding: x', te], hidden),
    400,
    501,
  ),
  refuse(
    'te-list',
    'TE: chunked, identity',
    post([cl, 'Transfer-Encoding: chunked, identity'], hidden),
    400,
    501,
  ),
  refuse('te-folded', 'TE in two lines', post([cl, 'Transfer-Encoding:', ' chunked'], hidden)),
  refuse('te-quoted', 'TE in quotes', post([cl, 'Transfer-Encoding: "chunked"'], hidden), 400, 501),
  refuse('te-nul', 'TE with a NUL', post([cl, 'Transfer-Encoding: chunked\x00'], hidden)),
  refuse('te-empty-member', 'TE: ,chunked', post([cl, 'Transfer-Encoding: ,chunked'], hidden), 400, 501),
  refuse('te-semicolon', 'TE: chunked;', post([cl, 'Transfer-Encoding: chunked;'], hidden), 400, 501),
  refuse('te-name-nul', 'a NUL in the name', post([cl, 'Transfer\x00-Encoding: chunked'], hidden)),
  refuse(
    'te-connection',
    'TE given to the connection',
    post([cl, te, 'Connection: Transfer-Encoding'], hidden),
  ),
  refuse('cl-connection', 'CL given to the connection', post([cl, te, 'Connection: Content-Length'], hidden)),
  refuse('http-1.0', 'both on HTTP/1.0', `POST /c HTTP/1.0\r\nHost: a\r\n${cl}\r\n${te}\r\n\r\n${hidden}`),
])

const lengths = group('RFC 9112 §11.2', 'cl-cl', [
  refuse('first-zero', 'the back takes the first', post(['Content-Length: 0', cl], hidden)),
  refuse('last-zero', 'the back takes the last', post([cl, 'Content-Length: 0'], hidden)),
  refuse('list', 'the back takes the first of a list', post([`Content-Length: 0, ${hidden.length}`], hidden)),
  refuse('plus', 'the back ignores +', post([`Content-Length: +${hidden.length}`], hidden)),
  refuse('space', 'the back stops at the space', post([`Content-Length: 0 ${hidden.length}`], hidden)),
  refuse(
    'trailing-letter',
    'the back stops at the letter',
    post([`Content-Length: ${hidden.length}x`], hidden),
  ),
  refuse('name-space', 'the back ignores the field', post([`Content-Length : ${hidden.length}`], hidden)),
  refuse(
    'name-no-break-space',
    'the back ignores the field',
    post([`Content-Length\xa0: ${hidden.length}`], hidden),
  ),
  refuse('name-tab', 'the back ignores the field', post([`Content-Length\t: ${hidden.length}`], hidden)),
  refuse(
    'overflow',
    'the back overflows to zero',
    post(['Content-Length: 18446744073709551616'], smuggled),
    400,
    413,
  ),
  refuse('minus', 'the back reads backwards', post(['Content-Length: -1'], smuggled)),
])

const bodies = group('RFC 9112 §11.2', 'cl-0', [
  row(
    'get',
    'a body that the back ignores',
    `${get(`Content-Length: ${smuggled.length}`)}${smuggled}`,
    forwarded('GET', '/c', smuggled),
  ),
  row(
    'head',
    'a body that the back ignores',
    `HEAD /c HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    anyOf(forwarded('HEAD', '/c', smuggled), forwarded('GET', '/c', smuggled), refused()),
  ),
  row(
    'post',
    'a body that looks like a request',
    post([`Content-Length: ${smuggled.length}`], smuggled),
    forwarded('POST', '/c', smuggled),
  ),
  row(
    'options',
    'a body that the back ignores',
    `OPTIONS /c HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    forwarded('OPTIONS', '/c', smuggled),
  ),
  row(
    'expect',
    'the back answers early and forgets the body',
    post(['Expect: 100-continue', `Content-Length: ${smuggled.length}`], smuggled),
    forwarded('POST', '/c', smuggled),
  ),
  row(
    'upgrade',
    'the back believes in a tunnel',
    post(['Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${smuggled.length}`], smuggled),
    anyOf(forwarded('POST', '/c', smuggled), refused(400, 501)),
  ),
  refuse(
    'expect-obfuscated',
    'one side waits, the other does not',
    post(['Expect: 100-continue, x', `Content-Length: ${smuggled.length}`], smuggled),
    417,
  ),
  refuse(
    'expect-space',
    'one side waits, the other does not',
    post(['Expect : 100-continue', `Content-Length: ${smuggled.length}`], smuggled),
  ),
  refuse(
    'expect-folded',
    'one side waits, the other does not',
    post(['Expect:', ' 100-continue', `Content-Length: ${smuggled.length}`], smuggled),
  ),
])

const chunks = group('RFC 9112 §7.1', 'chunk-smuggling', [
  row(
    'short-size',
    'the size ends before the data',
    chunked(`1\r\nxGET /smuggled HTTP/1.1\r\n\r\n${zero}`),
    refusedLate(),
  ),
  row('lf-size', 'a size that ends with LF', chunked(`5\nhello\r\n0\r\n\r\n${smuggled}`), refusedLate()),
  row(
    'lf-extension',
    'an extension that ends with LF',
    chunked(`2;\nxx\r\n${size}\r\n0\r\n\r\n${smuggled}\r\n${zero}`),
    refusedLate(),
  ),
  row('cr-extension', 'an extension with CR', chunked(`2;\rxx\r\n0\r\n\r\n${smuggled}`), refusedLate()),
  row('lf-data', 'data that ends with LF', chunked(`5\r\nhello\n0\r\n\r\n${smuggled}`), refusedLate()),
  row('two-bytes', 'any two bytes after data', chunked(`5\r\nhelloab0\r\n\r\n${smuggled}`), refusedLate()),
  row(
    'overflow',
    'a size that overflows to zero',
    chunked(`10000000000000000\r\n\r\n${smuggled}`),
    refusedLate(400, 413),
  ),
  row(
    'hex-prefix',
    'a size that is zero to some',
    chunked(`0x${size}\r\n${smuggled}\r\n${zero}`),
    refusedLate(),
  ),
  row('minus-zero', 'a size that is zero to some', chunked(`-0\r\n\r\n${smuggled}`), refusedLate()),
  row('semicolon-size', 'no size before the extension', chunked(`;\r\n\r\n${smuggled}`), refusedLate()),
  row('trailer-request', 'a request in the trailers', chunked(`0\r\n${smuggled}`), refusedLate()),
  row('trailer-lf', 'trailers that end with LF', chunked(`0\r\nA: b\n\n${smuggled}`), refusedLate()),
  row('trailer-fold', 'a folded trailer', chunked(`0\r\nA: b\r\n ${smuggled}`), refusedLate()),
])

const pipelines = group('RFC 9112 §9.3.2', 'pipeline', [
  row(
    'order',
    'answers come in the order of requests',
    `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n`,
    forwarded('GET', '/1'),
    forwarded('GET', '/2'),
    forwarded('GET', '/3'),
  ),
  row(
    'head-then-get',
    'the answer to HEAD has no body',
    `HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n${get()}`,
    anyOf(forwarded('HEAD', '/1'), forwarded('GET', '/1')),
    seen,
  ),
  row(
    'bad-second',
    'the first is answered, the second refused',
    `${get()}GET / HTTP/1.1\r\n\r\n`,
    seen,
    refused(),
  ),
  row(
    'bad-second-framing',
    'the first is answered, the second refused',
    `${get()}${post([te, 'Content-Length: 1'], zero)}`,
    seen,
    refused(),
  ),
  row(
    'bad-third',
    'two are answered, the third refused',
    `${get()}${get()}G\x00T / HTTP/1.1\r\n\r\n`,
    seen,
    seen,
    refused(),
  ),
  row(
    'post-then-garbage',
    'what follows a body is a request',
    `${post(['Content-Length: 2'], 'ab')}cd\r\n\r\n`,
    forwarded('POST', '/c', 'ab'),
    refused(),
  ),
  row('other-hosts', 'each request has its own host', `${get()}GET /c HTTP/1.1\r\nHost: b\r\n\r\n`, seen, {
    ...seen,
    fields: { host: 'b' },
  }),
])

const injected = group('RFC 9110 §5.5', 'injection', [
  row(
    'target-crlf',
    'an encoded line end stays encoded',
    'GET /%0D%0AHost:%20b HTTP/1.1\r\nHost: a\r\n\r\n',
    forwarded('GET', '/%0D%0AHost:%20b'),
  ),
  row(
    'query-crlf',
    'an encoded line end stays encoded',
    'GET /c?%0d%0aHost:b HTTP/1.1\r\nHost: a\r\n\r\n',
    forwarded('GET', '/c?%0d%0aHost:b'),
  ),
  row(
    'forwarded',
    'fields about the client are written anew',
    get('Forwarded: for=10.0.0.1;host=evil.example'),
    seen,
  ),
  row('original-url', 'some frameworks take it for the target', get('X-Original-URL: /smuggled'), seen),
  row('rewrite-url', 'some frameworks take it for the target', get('X-Rewrite-URL: /smuggled'), seen),
  row(
    'method-override',
    'some frameworks take it for the method',
    get('X-HTTP-Method-Override: DELETE'),
    seen,
  ),
  refuse('host-crlf', 'a host in two lines', 'GET /c HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'),
  refuse(
    'host-userinfo',
    'a host behind user information',
    'GET /c HTTP/1.1\r\nHost: a@evil.example\r\n\r\n',
  ),
  refuse('host-slash', 'a host with a path', 'GET /c HTTP/1.1\r\nHost: a/../evil.example\r\n\r\n'),
  refuse('absolute-and-host', 'two hosts', 'GET http://evil.example/c HTTP/1.1\r\nHost: a\r\n\r\n'),
])

export const smugglingCases: readonly Case[] = [
  ...classics,
  ...lengths,
  ...bodies,
  ...chunks,
  ...pipelines,
  ...injected,
]
