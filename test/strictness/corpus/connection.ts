// RFC 9110 §7.6 to §7.8 and §10.1.1, RFC 9112 §9: fields about the connection, which must neither pass on nor strip
// what they name at will; upgrades; expectations.
import {
  anyOf,
  answered,
  type Case,
  forwarded,
  get,
  group,
  post,
  refuse,
  refused,
  row,
  smuggled,
} from './case.ts'

const seen = (fields: Record<string, string | null> = {}) => forwarded('GET', '/c', '', fields)
const hello = (fields: Record<string, string | null> = {}) => forwarded('POST', '/c', 'hello', fields)

const options = group('RFC 9110 §7.6.1', 'connection', [
  row(
    'named-field',
    'goes with the connection',
    get('Connection: X-Secret', 'X-Secret: 1'),
    seen({ 'x-secret': null }),
  ),
  row('names-host', 'Host is not given up', get('Connection: Host'), anyOf(seen({ host: 'a' }), refused())),
  refuse(
    'names-cookie',
    'an answer for nobody would be taken for one for this cookie',
    get('Connection: Cookie', 'Cookie: a=1'),
  ),
  refuse(
    'names-authorization',
    'who asks is not given up',
    get('Connection: close, authorization', 'Authorization: Basic YTpi'),
  ),
  row(
    'names-length',
    'framing is not given up',
    post(['Connection: Content-Length', 'Content-Length: 5'], 'hello'),
    anyOf(hello(), refused()),
  ),
  row(
    'names-coding',
    'framing is not given up',
    post(['Connection: Transfer-Encoding', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    anyOf(hello(), refused()),
  ),
  row('names-itself', 'nothing more', get('Connection: Connection'), seen({})),
  row(
    'keep-alive',
    'hop by hop',
    get('Connection: keep-alive', 'Keep-Alive: timeout=5'),
    seen({ 'keep-alive': null }),
  ),
  row('close', 'the client closes afterwards', get('Connection: close'), seen({})),
  row('close-and-more', 'what follows is not read', `${get('Connection: close')}${smuggled}`, seen({})),
  row('close-upper-case', 'options have no case', `${get('Connection: Close')}${smuggled}`, seen({})),
  row('close-in-list', 'one of several', `${get('Connection: x, close ,y')}${smuggled}`, seen({})),
  row(
    'close-second-line',
    'one of several',
    `${get('Connection: x', 'Connection: close')}${smuggled}`,
    seen({}),
  ),
  row(
    'proxy-connection',
    'never standard',
    get('Proxy-Connection: keep-alive'),
    seen({ 'proxy-connection': null }),
  ),
  row(
    'proxy-authorization',
    'for a proxy',
    get('Proxy-Authorization: Basic YTpi'),
    anyOf(seen({}), answered(407)),
  ),
  row('odd-options', 'unknown options do nothing', get('Connection: ,, x ,'), seen({})),
  row('not-tokens', 'not a list of tokens', get('Connection: "close", (x)'), anyOf(seen({}), refused())),
])

const upgrades = group('RFC 9110 §7.8', 'upgrade', [
  row(
    'h2c',
    'HTTP/2 in clear text would pass every rule by',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'),
    anyOf(seen({ upgrade: null, 'http2-settings': null }), refused(400, 501)),
  ),
  row(
    'h2c-upper-case',
    'protocols are compared without case',
    get('Connection: upgrade', 'Upgrade: H2C'),
    anyOf(seen({ upgrade: null }), refused(400, 501)),
  ),
  row(
    'h2c-in-list',
    'one of several',
    get('Connection: upgrade', 'Upgrade: websocket, h2c'),
    anyOf(seen({ upgrade: null }), refused(400, 501)),
  ),
  row(
    'h2c-on-post',
    'with a body',
    post(['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5'], 'hello'),
    anyOf(hello({ upgrade: null }), refused(400, 501)),
  ),
  row('no-option', 'without the option it says nothing', get('Upgrade: websocket'), seen({ upgrade: null })),
  row(
    'tls',
    'not offered',
    get('Connection: Upgrade', 'Upgrade: TLS/1.0'),
    anyOf(seen({}), refused(400, 501)),
  ),
  row(
    'http-1.0',
    'HTTP/1.0 knows no upgrade',
    'GET /c HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    seen({ upgrade: null }),
  ),
  row(
    'not-taken',
    'without a 101 the connection stays HTTP',
    get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 777', 'Sec-WebSocket-Key: eA=='),
    seen({}),
  ),
  row(
    'with-body',
    'the body is no part of the tunnel',
    post(['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 'hello'),
    anyOf(hello(), refused(400, 501)),
  ),
  row(
    'settings-alone',
    'goes with an upgrade',
    get('HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'),
    anyOf(seen({}), refused()),
  ),
])

const expectations = group('RFC 9110 §10.1.1', 'expect', [
  row('continue', 'the body follows', post(['Expect: 100-continue', 'Content-Length: 5'], 'hello'), hello()),
  row(
    'continue-upper-case',
    'expectations have no case',
    post(['Expect: 100-Continue', 'Content-Length: 5'], 'hello'),
    hello(),
  ),
  row(
    'continue-chunked',
    'the body follows',
    post(['Expect: 100-continue', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    hello(),
  ),
  row('continue-without-body', 'nothing to wait for', get('Expect: 100-continue'), seen({})),
  row(
    'continue-http-1.0',
    'HTTP/1.0 knows none',
    'POST /c HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
    hello(),
  ),
  refuse('unknown', 'not understood', post(['Expect: tea', 'Content-Length: 5'], 'hello'), 417),
  refuse('unknown-on-get', 'not understood', get('Expect: tea'), 417),
  refuse(
    'list',
    'one is not understood',
    post(['Expect: 100-continue, tea', 'Content-Length: 5'], 'hello'),
    417,
  ),
  refuse(
    'words',
    'some look for 100-continue anywhere',
    post(['Expect: y 100-continue', 'Content-Length: 5'], 'hello'),
    417,
    400,
  ),
  refuse(
    'parameter',
    'not the expectation',
    post(['Expect: 100-continue;x', 'Content-Length: 5'], 'hello'),
    417,
  ),
  refuse('suffix', 'not the expectation', post(['Expect: 100-continued', 'Content-Length: 5'], 'hello'), 417),
  refuse(
    'second-line',
    'one is not understood',
    post(['Expect: 100-continue', 'Expect: tea', 'Content-Length: 5'], 'hello'),
    417,
  ),
  row(
    'twice',
    'said twice',
    post(['Expect: 100-continue', 'Expect: 100-continue', 'Content-Length: 5'], 'hello'),
    anyOf(hello(), refused(417)),
  ),
  row('empty', 'expects nothing', get('Expect:'), anyOf(seen({}), refused(417))),
])

const forwards = group('RFC 9110 §7.6.2', 'max-forwards', [
  row(
    'options-zero',
    'is answered here',
    'OPTIONS /c HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n',
    answered(200, 204, 405, 501),
  ),
  row(
    'trace-zero',
    'is not forwarded',
    'TRACE /c HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n',
    anyOf(answered(200, 405, 501), refused(400, 405, 501)),
  ),
  row(
    'options-one',
    'is counted down',
    'OPTIONS /c HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n',
    forwarded('OPTIONS', '/c', '', { 'max-forwards': '0' }),
  ),
  row('get-zero', 'may be ignored for other methods', get('Max-Forwards: 0'), seen({})),
])

const loops = group('RFC 8586 §2', 'cdn-loop', [
  row('other', 'another network', get('CDN-Loop: other.example'), seen({})),
])

export const connectionCases: readonly Case[] = [
  ...options,
  ...upgrades,
  ...expectations,
  ...forwards,
  ...loops,
]
