// How the status of OPcache and php-fpm is shown to people: one block for each master, with bars, and a table of its
// pools. Pure.
import { bytesText, durationText, percentOf } from '../php/figures.ts'
import { fullness } from '../php/fullness.ts'
import type { OpcacheOn } from '../php/reading.ts'
import type { MasterReport, PoolReport, Report } from '../php/report.ts'

const barColumns = 20

/** The status as text, no wider than `columns` where that is given. */
export function statusText(report: Report, columns: number | undefined): string {
  const lines = report.masters.flatMap((master, i) => [
    ...(i > 0 ? [''] : []),
    ...masterLines(master, report.at),
  ])
  return lines.map((line) => `${columns === undefined ? line : line.slice(0, columns)}\n`).join('')
}

function masterLines(master: MasterReport, at: number): readonly string[] {
  const { opcache, php, pid } = master
  const title = [master.name, php && `PHP ${php}`, pid && `process ${pid}`].filter(
    (part) => part !== undefined,
  )
  return [
    title.join(', '),
    '',
    ...cacheLines(master, at),
    '',
    ...poolLines(master.pools, opcache?.state === 'on'),
  ]
}

function cacheLines({ opcache, forecast, isQuestionCached }: MasterReport, at: number): readonly string[] {
  if (opcache === undefined) return ['  OPcache was not read: no pool answered']
  if (opcache.state === 'off') return [`  OPcache is off (${opcache.why})`]
  if (opcache.state === 'untold') return [`  OPcache was not read: ${opcache.why}`]
  const rows: (readonly string[])[] = [...figureRows(opcache), ...countRows(opcache, at)]
  if (forecast.kind === 'full') {
    const unit =
      forecast.what === 'memory' ? bytesText(forecast.perDay) : `${Math.ceil(forecast.perDay)} keys`
    rows.push([
      'full in',
      durationText(forecast.inMs),
      `${unit} more each day, seen over ${durationText(forecast.overMs)}`,
    ])
  } else if (forecast.kind === 'steady')
    rows.push(['full in', '–', `nothing added in ${durationText(forecast.overMs)}`])
  else rows.push(['full in', '?', forecast.why])
  const note = '  Asking took up a key: opcache.file_update_protection and validate_timestamps are both 0.'
  return [...table(rows), ...settingLines(opcache), ...(isQuestionCached ? [note] : [])]
}

function figureRows(opcache: OpcacheOn): readonly (readonly string[])[] {
  const { memory, settings, keys, keysMax, scripts, interned, jit } = opcache
  const total = settings.memoryBytes
  const wasted = total === 0 ? 0 : memory.wastedBytes / total
  const full = fullness(opcache)
  const jitUsed = jit.bufferBytes - jit.freeBytes
  return [
    [
      'memory',
      bar([memory.usedBytes, memory.wastedBytes], total),
      `${bytesText(memory.usedBytes)} used, ${bytesText(memory.freeBytes)} free, ${bytesText(memory.wastedBytes)} wasted (${percentOf(wasted)}) of ${bytesText(total)}${full.memory ? ': full' : ''}`,
    ],
    [
      'keys',
      bar([keys], keysMax),
      `${count(keys)} of ${count(keysMax)}, ${count(scripts)} scripts${full.keys ? ': full' : ''}`,
    ],
    interned === undefined
      ? ['interned strings', '', 'not shared']
      : [
          'interned strings',
          bar([interned.usedBytes], interned.bytes),
          `${bytesText(interned.usedBytes)} of ${bytesText(interned.bytes)}, ${count(interned.strings)} strings`,
        ],
    jit.on
      ? [
          'JIT',
          bar([jitUsed], jit.bufferBytes),
          `${bytesText(jitUsed)} of ${bytesText(jit.bufferBytes)}, ${settings.jit}`,
        ]
      : ['JIT', '', 'off'],
  ]
}

function countRows(opcache: OpcacheOn, at: number): readonly (readonly string[])[] {
  const { hits, misses, restarts, restart, startedAt, restartedAt } = opcache
  const asked = hits + misses
  const last = restartedAt === 0 ? '' : `; last ${durationText((at - restartedAt) * 1000)} ago`
  return [
    [
      'hits',
      bar([hits], asked),
      `${asked === 0 ? 'none asked for' : percentOf(hits / asked)}, ${count(hits)} of ${count(asked)} in ${durationText((at - Math.max(startedAt, restartedAt)) * 1000)}`,
    ],
    [
      'restarts',
      restart === 'none' ? '' : restart,
      `out of memory ${restarts.oom}, out of keys ${restarts.hash}, by hand ${restarts.manual}${last}`,
    ],
  ]
}

function settingLines({ settings }: OpcacheOn): readonly string[] {
  const pairs = [
    `memory_consumption=${Math.round(settings.memoryBytes / 2 ** 20)}`,
    `max_accelerated_files=${settings.maxAcceleratedFiles}`,
    `max_wasted_percentage=${settings.maxWastedPercent}`,
    `interned_strings_buffer=${settings.internedMb}`,
    `validate_timestamps=${Number(settings.validateTimestamps)}`,
    `revalidate_freq=${settings.revalidateFreqSeconds}`,
    `validate_permission=${Number(settings.validatePermission)}`,
    `validate_root=${Number(settings.validateRoot)}`,
  ]
  return ['', `  opcache.*  ${pairs.slice(0, 4).join('  ')}`, `             ${pairs.slice(4).join('  ')}`]
}

function poolLines(pools: readonly PoolReport[], isCacheOn: boolean): readonly string[] {
  const head = [
    'pool',
    'user',
    'idle',
    'active',
    'most',
    'of',
    'reached',
    'queue',
    'accepted',
    'slow',
    'address',
  ]
  const rows = pools.map(({ name, account, answer, childrenMax, address }) => {
    const { status } = answer
    const figures =
      status === undefined
        ? ['–', '–', '–', String(childrenMax ?? '–'), '–', '–', '–', '–']
        : [
            count(status.idle),
            count(status.active),
            count(Math.min(status.activeMax, childrenMax ?? Infinity)),
            String(childrenMax ?? '–'),
            count(status.childrenMaxReached),
            // php-fpm counts connections that wait on TCP sockets only.
            address.startsWith('/') ? '–' : count(status.queue),
            count(status.accepted),
            count(status.slow),
          ]
    return [name, account?.name ?? '?', ...figures, address]
  })
  const notes = pools.flatMap(({ name, answer }) => {
    if (answer.kind === 'silent') return [`  [${name}] did not answer: ${answer.why}`]
    return isCacheOn && answer.opcache === 'off' ? [`  [${name}] OPcache is off in this pool`] : []
  })
  return [...table([head, ...rows], new Set([2, 3, 4, 5, 6, 7, 8, 9])), ...notes]
}

/** Rows as lines, columns under each other; those in `right` end under each other. The last column is not filled up. */
function table(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      if (right.has(column)) return cell.padStart(widths[column]!)
      return column === row.length - 1 ? cell : cell.padEnd(widths[column]!)
    })
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

const shades = ['█', '▒'] as const

/** A bar in which each part has a shade of its own; what is not zero shows. */
function bar(parts: readonly number[], whole: number): string {
  if (whole <= 0) return ''.padEnd(barColumns, '·')
  const drawn = parts.map((part, i) =>
    shades[i]!.repeat(part > 0 ? Math.max(1, Math.round((part / whole) * barColumns)) : 0),
  )
  return drawn.join('').slice(0, barColumns).padEnd(barColumns, '·')
}

function count(n: number): string {
  return n.toLocaleString('en')
}
