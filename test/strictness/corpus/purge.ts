// PURGE, which Myriad answers itself: what stands in its body or behind it is no request of its own, and no spelling of
// it reaches the origin. The client of the corpus is on this machine and may purge.
import { answered, type Case, group, refuse, row, smuggled } from './case.ts'

const purge = (lines: readonly string[], rest = '', target = '/c', version = 'HTTP/1.1') =>
  `${[`PURGE ${target} ${version}`, ...lines].join('\r\n')}\r\n\r\n${rest}`

const done = answered(200)

export const purgeCases: Case[] = group('PURGE', 'purge', [
  row('origin-form', 'answered here', purge(['Host: a']), done),
  row('absolute-form', 'as to a proxy', purge(['Host: a'], '', 'http://a/c'), done),
  row('absolute-form-1.0', 'Host may be missing', purge([], '', 'http://a/c', 'HTTP/1.0'), done),
  row('without-host-1.0', 'a key of its own', purge([], '', '/c', 'HTTP/1.0'), done),
  row(
    'kept-1.0',
    'the connection goes on',
    purge(['Host: a', 'Connection: keep-alive'], '', '/c', 'HTTP/1.0'),
    done,
  ),
  row(
    'forwarded-for',
    'passed on for a stranger',
    purge(['Host: a', 'X-Forwarded-For: 192.0.2.1']),
    answered(403),
  ),
  row('empty-body', 'no body', purge(['Host: a', 'Content-Length: 0']), done),
  row(
    'request-as-body',
    'a body is no request',
    purge(['Host: a', `Content-Length: ${smuggled.length}`], smuggled),
    done,
  ),
  row(
    'request-in-a-chunk',
    'a body is no request',
    purge(
      ['Host: a', 'Transfer-Encoding: chunked'],
      `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    ),
    done,
  ),
  row('body-never-comes', 'answered without it', purge(['Host: a', 'Content-Length: 99']), done),
  row(
    'expects-continue',
    'no body is asked for',
    purge(['Host: a', 'Expect: 100-continue', 'Content-Length: 5']),
    done,
  ),
  refuse('other-host', 'it contradicts Host', purge(['Host: a'], '', 'http://b/c')),
  refuse('no-host', 'Host is missing', purge([])),
  refuse('asterisk', 'OPTIONS alone', purge(['Host: a'], '', '*')),
  refuse('two-lengths', 'ambiguous', purge(['Host: a', 'Content-Length: 0', 'Content-Length: 5'])),
])
