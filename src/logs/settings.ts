// Settings of the logs (the section `log` of the configuration).
import {
  boolean,
  bytes,
  choice,
  duration,
  integer,
  optionalBytes,
  optionalDuration,
  plainText,
  texts,
  type SettingsOf,
} from '../base/setting.ts'
import { levels } from './error-log.ts'
import { hidable } from './members.ts'

export const logRows = {
  access: plainText(
    'off',
    "Where the access log goes: a path, relative to the configuration, `'stdout'`, or `'off'`. See [logs](logs.md).",
  ),
  format: choice(
    'json',
    ['json', 'combined'],
    "How its lines are written: a JSON object each, or as Apache's combined format.",
  ),
  except: texts(
    [],
    "Paths whose requests are not logged, such as `'/health'` or `'/assets/*'`; patterns as those of routes.",
  ),
  mask: texts(
    [],
    'Query parameters whose values are masked, beside those with a word in their names that tells of a secret (`token`, `password`, `key`, …), which always are.',
  ),
  hide: texts([], `Members that are left empty: ${hidable.map((name) => `\`${name}\``).join(', ')}.`),
  clients: choice(
    'whole',
    ['whole', 'network'],
    "How client addresses are written: `'network'` leaves the last octet of IPv4 addresses out, and of IPv6 addresses all but the first 48 bits.",
  ),
  error: plainText(
    'stderr',
    "Where faults, warnings and what PHP says go while the site is served: a path, or `'stderr'`.",
  ),
  level: choice(
    'notice',
    levels,
    'The least that the error log takes: `error` takes the least, `notice` everything.',
  ),
  repeats: integer(10, 'How often in a minute the error log takes one message; the rest is counted.', {
    min: 1,
    max: 100_000,
  }),
  buffer: bytes(
    1 << 20,
    'Lines of the access log that may wait for the disk, twice; beyond, lines are dropped and counted. No request waits.',
    { min: 256 << 10, max: 1 << 30 },
  ),
  flushTime: duration(1_000, 'How long a line waits at most before it is written.', { min: 10, max: 60_000 }),
  rotateSize: optionalBytes('The size from which a log file is put aside, and a new one begun.', {
    min: 1024,
  }),
  rotateTime: optionalDuration(
    'The period after which a log file is put aside: `1d` begins a new one with the first line of each day, UTC.',
    { min: 1_000, max: 31 * 86_400_000 },
  ),
  keep: integer(14, 'How many files that were put aside are kept of a log.', { min: 1, max: 10_000 }),
  gzip: boolean(true, 'Compresses files that were put aside, but for the latest.'),
}

/** As they are written. */
export type LogSettings = SettingsOf<typeof logRows>

/** Where a log goes. */
export type LogTarget =
  | { readonly kind: 'off' }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'stderr' }
  | { readonly kind: 'file'; readonly path: string }
