// RFC 9112 §5 and RFC 9110 §5: field lines. A line that two readers take for different fields is a way to hide
// framing, so names and values are held to the grammar.
import { anyOf, type Case, forwarded, get, group, post, refuse, refused, row } from './case.ts'

const seen = forwarded('GET', '/c')
/** A GET whose lines after Host are these, each with its own line end. */
const raw = (lines: string) => `GET /c HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

const colon = group('RFC 9112 §5.1', 'colon', [
  refuse('space-before', 'no white space before the colon', get('X : b')),
  refuse('tab-before', 'no white space before the colon', get('X\t: b')),
  refuse('spaces-before', 'no white space before the colon', get('X   : b')),
  refuse('space-before-length', 'a length that some drop', post(['Content-Length : 5'], 'hello')),
  refuse(
    'space-before-coding',
    'a coding that some drop',
    post(['Transfer-Encoding : chunked'], '0\r\n\r\n'),
  ),
  refuse('tab-before-coding', 'a coding that some drop', post(['Transfer-Encoding\t: chunked'], '0\r\n\r\n')),
  refuse(
    'vertical-tab-before-coding',
    'a coding that some drop',
    post(['Transfer-Encoding\x0b: chunked'], '0\r\n\r\n'),
  ),
  refuse(
    'nul-before-coding',
    'a coding that some drop',
    post(['Transfer-Encoding\x00: chunked'], '0\r\n\r\n'),
  ),
  refuse('no-break-space-before-length', 'a length that some drop', post(['Content-Length\xa0: 5'], 'hello')),
  refuse('missing', 'a line without a colon', get('X b')),
  refuse('missing-word', 'a line without a colon', get('Chunked')),
  refuse('missing-equals', 'a line without a colon', get('X=b')),
  refuse('request-line', 'a request line among fields', get('GET /smuggled HTTP/1.1')),
  refuse('request-line-with-colon', 'a request line among fields', get('GET http://a/smuggled HTTP/1.1')),
  refuse('empty-name', 'a name has a character', get(': b')),
  refuse('only', 'a name has a character', get(':')),
  refuse('space-name', 'a name has a character', raw(' : b\r\n')),
])

const badNameOctets: readonly (readonly [string, string])[] = [
  ['nul', '\x00'],
  ['bell', '\x07'],
  ['backspace', '\x08'],
  ['vertical-tab', '\x0b'],
  ['form-feed', '\x0c'],
  ['escape', '\x1b'],
  ['delete', '\x7f'],
  ['high', '\x80'],
  ['no-break-space', '\xa0'],
  ['soft-hyphen', '\xad'],
  ['utf-8-hyphen', '\xe2\x80\x90'],
  ['space', ' '],
  ['quote', '"'],
  ['parenthesis', '('],
  ['comma', ','],
  ['slash', '/'],
  ['semicolon', ';'],
  ['less', '<'],
  ['equals', '='],
  ['question', '?'],
  ['at', '@'],
  ['bracket', '['],
  ['backslash', '\\'],
  ['brace', '{'],
]
const names = group('RFC 9110 §5.1', 'name', [
  ...badNameOctets.map(([id, octet]) => refuse(id, 'a name is a token', get(`X${octet}Y: b`))),
  row('odd-token', 'any token is a name', get("!#$%&'*+-.^_`|~9: b"), seen),
  row(
    'underscore',
    'gateways to CGI would read a dash',
    post(['Content_Length: 5']),
    anyOf(forwarded('POST', '/c'), refused()),
  ),
  row(
    'underscore-coding',
    'gateways to CGI would read a dash',
    post(['Transfer_Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'),
    anyOf(forwarded('POST', '/c', '0\r\n\r\n'), refused()),
  ),
  row(
    'prefixed-coding',
    'another field',
    post(['X-Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'),
    forwarded('POST', '/c', '0\r\n\r\n'),
  ),
  row(
    'run-together-coding',
    'another field',
    post(['TransferEncoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'),
    forwarded('POST', '/c', '0\r\n\r\n'),
  ),
  row('upper-length', 'names have no case', post(['CONTENT-LENGTH: 2'], 'ab'), forwarded('POST', '/c', 'ab')),
  row(
    'mixed-coding',
    'names have no case',
    post(['tRANSFER-eNCODING: chunked'], '2\r\nab\r\n0\r\n\r\n'),
    forwarded('POST', '/c', 'ab'),
  ),
])

const folding = group('RFC 9112 §5.2', 'obs-fold', [
  refuse('space', 'a folded line', raw('X: b\r\n c\r\n')),
  refuse('tab', 'a folded line', raw('X: b\r\n\tc\r\n')),
  refuse('empty-value', 'a folded line', raw('X:\r\n b\r\n')),
  refuse('only-white-space', 'a folded line', raw('X: b\r\n \r\n')),
  refuse('twice', 'a folded line', raw('X: b\r\n c\r\n d\r\n')),
  refuse('at-end', 'a folded line before the empty line', raw('X: b\r\n\t\r\n')),
  refuse(
    'hides-coding',
    'a coding that some see',
    post(['X: b', ' Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'),
  ),
  refuse(
    'folded-coding',
    'a coding that some see',
    post(['Transfer-Encoding:', ' chunked', 'Content-Length: 5'], '0\r\n\r\n'),
  ),
  refuse(
    'folded-coding-tab',
    'a coding that some see',
    post(['Transfer-Encoding:', '\tchunked'], '0\r\n\r\n'),
  ),
  refuse('folded-length', 'a length that some see', post(['Content-Length:', ' 5'], 'hello')),
  refuse('split-length', 'a length in two pieces', post(['Content-Length: 1', ' 0'], 'x')),
  refuse('bare-lf-fold', 'a fold after LF', raw('X: b\n c\r\n')),
])

const badValueOctets: readonly (readonly [string, string])[] = [
  ['nul', '\x00'],
  ['start-of-heading', '\x01'],
  ['bell', '\x07'],
  ['backspace', '\x08'],
  ['vertical-tab', '\x0b'],
  ['form-feed', '\x0c'],
  ['shift-out', '\x0e'],
  ['escape', '\x1b'],
  ['unit-separator', '\x1f'],
  ['delete', '\x7f'],
]
const values = group('RFC 9110 §5.5', 'value', [
  ...badValueOctets.map(([id, octet]) => refuse(id, 'a control byte in a value', get(`X: a${octet}b`))),
  refuse('nul-first', 'a control byte in a value', get('X: \x00b')),
  refuse('nul-last', 'a control byte in a value', get('X: b\x00')),
  row('empty', 'a value may be empty', get('X:'), seen),
  row('spaces', 'a value may be empty', get('X:    '), seen),
  row('tab-within', 'a tab is allowed', get('X: a\tb'), { ...seen, fields: { x: 'a\tb' } }),
  row('trimmed', 'white space around it is no part of it', get('X: \t a b \t '), {
    ...seen,
    fields: { x: 'a b' },
  }),
  row('obs-text', 'opaque, but allowed', get('X: \x80\xff'), { ...seen, fields: { x: '\x80\xff' } }),
  row('utf-8', 'opaque, but allowed', get('X: \xc3\xa4'), { ...seen, fields: { x: '\xc3\xa4' } }),
  row('quoted', 'only the field itself gives quotes a meaning', get('X: "a\\"b'), seen),
  row('percent-crlf', 'percent-encoding means nothing here', get('X: a%0d%0ab'), {
    ...seen,
    fields: { x: 'a%0d%0ab' },
  }),
  row('backslash-n', 'an escape means nothing here', get('X: a\\r\\nb'), {
    ...seen,
    fields: { x: 'a\\r\\nb' },
  }),
])

const many = (count: number, line = 'X: b') => get(...Array.from({ length: count }, () => line))
const limits = group('RFC 9110 §5.4', 'size', [
  row('lines-at-most', '128 lines are allowed', many(127), seen),
  refuse('too-many-lines', '129 lines', many(128), 431),
  refuse('thousands-of-lines', 'far too many lines', many(5000), 431),
  row('large', '30 KB are allowed', get(`X: ${'b'.repeat(30_000)}`), seen),
  refuse('too-large-value', 'over 32 KB in one line', get(`X: ${'b'.repeat(33_000)}`), 431),
  refuse('too-large-name', 'over 32 KB in one name', get(`${'X'.repeat(33_000)}: b`), 431, 400),
  refuse('too-large-together', 'over 32 KB in a hundred lines', many(100, `X: ${'b'.repeat(400)}`), 431),
  refuse(
    'endless-line',
    'a line that never ends',
    `GET /c HTTP/1.1\r\nHost: a\r\nX: ${'b'.repeat(100_000)}`,
    431,
  ),
])

export const fieldCases: readonly Case[] = [...colon, ...names, ...folding, ...values, ...limits]
