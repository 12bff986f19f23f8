// RFC 9112 §7: the chunked coding. Its extensions and line ends are where strict and lenient readers part.
import {
  anyOf,
  type Case,
  chunked,
  forwarded,
  get,
  group,
  post,
  refused,
  refusedLate,
  row,
  type Row,
  smuggled,
} from './case.ts'

const hello = forwarded('POST', '/c', 'hello')
/** A chunked body that must be refused; the origin may have seen the head. */
const bad = (id: string, why: string, body: string, ...statuses: number[]): Row =>
  row(id, why, chunked(body), refusedLate(...(statuses.length > 0 ? statuses : [400])))

const sized = (size: string) => `${size}\r\nhello\r\n0\r\n\r\n`
const badSizes: readonly (readonly [id: string, size: string])[] = [
  ['empty', ''],
  ['space', ' '],
  ['minus', '-5'],
  ['plus', '+5'],
  ['hex-prefix', '0x5'],
  ['not-hex', '5g'],
  ['word', 'five'],
  ['space-before', ' 5'],
  ['tab-before', '\t5'],
  ['space-within', '5 5'],
  ['comma', '5,5'],
  ['fraction', '5.0'],
  ['underscore', '0_5'],
  ['quoted', '"5"'],
  ['nul-after', '5\x00'],
  ['vertical-tab-after', '5\x0b'],
  ['no-break-space', '\xa05'],
  ['full-width', '\xef\xbc\x95'],
  ['colon', '5:'],
  ['equals', '5=a'],
  ['two-to-the-64', '10000000000000005'],
  ['two-to-the-64-minus-1', 'ffffffffffffffff'],
  ['two-to-the-63', '8000000000000000'],
  ['minus-hex', 'fffffffffffffffb'],
]
const sizes = group('RFC 9112 §7.1', 'chunk-size', [
  ...badSizes.map(([id, size]) => bad(id, 'a size is hexadecimal digits alone', sized(size), 400, 413)),
  {
    ...row('two-to-the-32', 'is 5 to who overflows', chunked(sized('100000005')), {
      ...refusedLate(400, 413),
    }),
    after: 'fin',
  },
  row('space-after', 'bad white space, which some refuse', chunked(sized('5 ')), anyOf(hello, refusedLate())),
  row('tab-after', 'bad white space, which some refuse', chunked(sized('5\t')), anyOf(hello, refusedLate())),
  row(
    'upper-case',
    'hexadecimal has no case',
    chunked(`A\r\n0123456789\r\n0\r\n\r\n`),
    forwarded('POST', '/c', '0123456789'),
  ),
  row(
    'lower-case',
    'hexadecimal has no case',
    chunked(`a\r\n0123456789\r\n0\r\n\r\n`),
    forwarded('POST', '/c', '0123456789'),
  ),
  row('leading-zeros', 'digits all the same', chunked(sized('0005')), anyOf(hello, refusedLate())),
  row(
    'many-leading-zeros',
    'digits all the same',
    chunked(sized(`${'0'.repeat(40)}5`)),
    anyOf(hello, refusedLate()),
  ),
  row(
    'several-zeros-last',
    'the last chunk is one or more zeros',
    chunked('5\r\nhello\r\n000\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  row('several', 'chunks are joined', chunked('2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n'), hello),
  row('last-alone', 'the last chunk alone', chunked('0\r\n\r\n'), forwarded('POST', '/c')),
])

const ends = group('RFC 9112 §7.1', 'chunk-end', [
  bad('bare-lf-after-size', 'LF alone ends no line', '5\nhello\r\n0\r\n\r\n'),
  bad('bare-cr-after-size', 'CR alone ends no line', '5\rhello\r\n0\r\n\r\n'),
  bad('cr-cr-lf-after-size', 'CR CR LF', '5\r\r\nhello\r\n0\r\n\r\n'),
  bad('bare-lf-after-data', 'LF alone ends no chunk', '5\r\nhello\n0\r\n\r\n'),
  bad('bare-cr-after-data', 'CR alone ends no chunk', '5\r\nhello\r0\r\n\r\n'),
  bad('nothing-after-data', 'a chunk ends with CRLF', '5\r\nhello0\r\n\r\n'),
  bad('two-letters-after-data', 'some skip two bytes unseen', '5\r\nhelloXX0\r\n\r\n'),
  bad('space-after-data', 'a chunk ends with CRLF', '5\r\nhello \r\n0\r\n\r\n'),
  bad('empty-line-after-data', 'an empty size', '5\r\nhello\r\n\r\n0\r\n\r\n'),
  bad('data-too-long', 'more data than said', '3\r\nhello\r\n0\r\n\r\n'),
  bad('data-too-short', 'less data than said', '9\r\nhello\r\n0\r\n\r\n'),
  bad('bare-lf-after-last', 'LF alone ends no line', '5\r\nhello\r\n0\n\r\n'),
  bad('bare-lf-at-end', 'LF alone is no empty line', '5\r\nhello\r\n0\r\n\n'),
  bad('bare-cr-at-end', 'CR alone is no empty line', `5\r\nhello\r\n0\r\n\r${smuggled}`),
  bad('only-lfs', 'LF alone ends no line', '5\nhello\n0\n\n'),
])

const extensions = group('RFC 9112 §7.1.1', 'chunk-extension', [
  row('name', 'extensions are dropped', chunked('5;a\r\nhello\r\n0\r\n\r\n'), anyOf(hello, refusedLate())),
  row(
    'value',
    'extensions are dropped',
    chunked('5;a=b\r\nhello\r\n0;c=d\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  row(
    'quoted',
    'extensions are dropped',
    chunked('5;a="b;\\"c"\r\nhello\r\n0\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  row(
    'white-space',
    'bad white space',
    chunked('5 ; a = b\r\nhello\r\n0\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  row('empty', 'a semicolon alone', chunked('5;\r\nhello\r\n0\r\n\r\n'), anyOf(hello, refusedLate())),
  row(
    'on-last',
    'extensions are dropped',
    chunked('5\r\nhello\r\n0;a="b"\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  row(
    'size-in-quotes',
    'a quoted size is no size',
    chunked('5;a="\\r\\n0"\r\nhello\r\n0\r\n\r\n'),
    anyOf(hello, refusedLate()),
  ),
  bad('bare-lf', 'some end the line here', '5;a\nhello\r\n0\r\n\r\n'),
  bad('bare-lf-hides-chunk', 'some end the line here', `2;\n0\r\n\r\n${smuggled}`),
  bad('bare-lf-in-quotes', 'some end the line here', '5;a="\n"\r\nhello\r\n0\r\n\r\n'),
  bad('bare-cr', 'some end the line here', '5;a\rb\r\nhello\r\n0\r\n\r\n'),
  bad('nul', 'a control byte', '5;a\x00\r\nhello\r\n0\r\n\r\n'),
  bad('delete', 'a control byte', '5;a\x7f\r\nhello\r\n0\r\n\r\n'),
  bad('crlf-in-quotes', 'a line ends in quotes too', '5;a="\r\n"\r\nhello\r\n0\r\n\r\n'),
  bad(
    'endless',
    'an extension that never ends',
    `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`,
    400,
    413,
    431,
  ),
  bad(
    'many',
    'a little data with a lot of extension',
    `1;${'a'.repeat(1000)}\r\nx\r\n`.repeat(200),
    400,
    413,
    431,
  ),
])

const withTrailers = (lines: string) => chunked(`5\r\nhello\r\n0\r\n${lines}\r\n`)
/** Trailers may be dropped or refused; fields of routing, framing and identity are not passed on as trailers either. */
const kept = (id: string, line: string, fields: Record<string, string | null> = {}): Row =>
  row(
    id,
    'no place for it (RFC 9110 §6.5.1)',
    withTrailers(`${line}\r\n`),
    anyOf({ ...hello, fields: { ...fields, [`trailer:${id}`]: null } }, refusedLate()),
  )
const badTrailer = (id: string, why: string, lines: string, ...statuses: number[]): Row =>
  row(id, why, withTrailers(lines), refusedLate(...(statuses.length > 0 ? statuses : [400])))
const trailers = group('RFC 9112 §7.1.2', 'trailer', [
  row('plain', 'a trailer', withTrailers('Sum: 1\r\n'), { ...hello, fields: { sum: null } }),
  kept('content-length', 'Content-Length: 50', { 'content-length': null }),
  kept('transfer-encoding', 'Transfer-Encoding: chunked'),
  kept('host', 'Host: evil.example', { host: 'a' }),
  kept('authorization', 'Authorization: Basic YTpi', { authorization: null }),
  kept('cookie', 'Cookie: a=b', { cookie: null }),
  kept('x-forwarded-for', 'X-Forwarded-For: 10.0.0.1'),
  kept('connection', 'Connection: close'),
  kept('expect', 'Expect: 100-continue'),
  kept('upgrade', 'Upgrade: h2c'),
  badTrailer('no-colon', 'not a field line', 'Sum 1\r\n'),
  badTrailer('space-before-colon', 'not a field line', 'Sum : 1\r\n'),
  badTrailer('folded', 'a folded line', 'Sum: 1\r\n 2\r\n'),
  badTrailer('white-space-first', 'a folded line', ' Sum: 1\r\n'),
  badTrailer('bare-lf', 'LF alone ends no line', 'Sum: 1\n'),
  badTrailer('bare-cr', 'CR within a line', 'Sum: 1\r2\r\n'),
  badTrailer('nul', 'a control byte', 'Sum: \x00\r\n'),
  badTrailer('empty-name', 'a name has a character', ': 1\r\n'),
  badTrailer('request', 'a request in place of trailers', 'GET /smuggled HTTP/1.1\r\nHost: a\r\n'),
  badTrailer('too-large', 'over the limit of trailers', `Sum: ${'1'.repeat(40_000)}\r\n`, 431, 400),
  badTrailer('too-many', 'over the limit of trailers', 'Sum: 1\r\n'.repeat(3000), 431, 400),
])

const teField = group('RFC 9110 §10.1.4', 'te', [
  row('trailers', 'hop by hop', get('TE: trailers', 'Connection: TE'), {
    ...forwarded('GET', '/c'),
    fields: {},
  }),
  row(
    'chunked',
    'no need to say so',
    get('TE: chunked', 'Connection: TE'),
    anyOf(forwarded('GET', '/c'), refused()),
  ),
  row('gzip', 'hop by hop', get('TE: gzip;q=1', 'Connection: TE'), {
    ...forwarded('GET', '/c'),
    fields: { te: null },
  }),
])

const follow = group('RFC 9112 §7.1', 'after-chunks', [
  row(
    'pipelined',
    'the next request starts after the empty line',
    `${chunked('5\r\nhello\r\n0\r\n\r\n')}${get()}`,
    hello,
    forwarded('GET', '/c'),
  ),
  row(
    'request-in-chunk',
    'data is data',
    chunked(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`),
    forwarded('POST', '/c', smuggled),
  ),
  row(
    'chunks-in-length',
    'data is data',
    post(['Content-Length: 15'], '5\r\nhello\r\n0\r\n\r\n'),
    forwarded('POST', '/c', '5\r\nhello\r\n0\r\n\r\n'),
  ),
])

export const chunkCases: readonly Case[] = [
  ...sizes,
  ...ends,
  ...extensions,
  ...trailers,
  ...teField,
  ...follow,
]
