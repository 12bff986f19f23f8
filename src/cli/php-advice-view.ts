// How advice is shown: as text that can be put into php.ini as it is, with what is to be known about each line in the
// comments above it. Pure.
import type { Advice } from '../php/advice.ts'
import { bytesText, durationText } from '../php/figures.ts'
import type { MasterReport, Report } from '../php/report.ts'

/** The advice, by master and by the place where it is to be written. */
export function adviceText(advice: readonly Advice[], report: Report): string {
  return report.masters.map((master) => masterText(master, advice)).join('\n')
}

function masterText(master: MasterReport, advice: readonly Advice[]): string {
  const own = advice.filter((each) => each.master === master.name)
  const pools = [...new Set(own.map(({ pool }) => pool).filter((pool) => pool !== undefined))]
  const silent = master.pools.flatMap(({ name, answer }) =>
    answer.kind === 'silent' ? [`; pool ${name} was not read: ${answer.why}\n`] : [],
  )
  const untold = master.opcache?.state === 'untold' ? [`; OPcache was not read: ${master.opcache.why}\n`] : []
  return [
    `; ${master.name}${master.php === undefined ? '' : `, PHP ${master.php}`}\n`,
    ...silent,
    ...untold,
    ...section(
      'php.ini',
      own.filter(({ pool }) => pool === undefined),
    ),
    ...pools.flatMap((name) =>
      section(
        `the pool's configuration, [${name}]`,
        own.filter(({ pool }) => pool === name),
      ),
    ),
    ...(own.length === 0 ? [wellText(master)] : ['\n; Restart php-fpm after a change.\n']),
  ].join('')
}

function section(place: string, advice: readonly Advice[]): readonly string[] {
  if (advice.length === 0) return []
  return [`\n; in ${place}\n`, ...advice.flatMap((each) => ['\n', ...adviceLines(each)])]
}

function adviceLines({ weight, subject, lines, reason, readings }: Advice): readonly string[] {
  return [
    `; ${weight}: ${lines.length === 0 ? `${subject}: ` : ''}${reason}\n`,
    ...readings.map((reading) => `;   read: ${reading}\n`),
    ...lines.map((line) => `${line}\n`),
  ]
}

function wellText({ opcache, pools, forecast }: MasterReport): string {
  if (opcache?.state !== 'on' || pools.some(({ answer }) => answer.kind === 'silent'))
    return '; nothing to advise from what could be read\n'
  const { memory, keys, keysMax, settings } = opcache
  const when =
    forecast.kind === 'full'
      ? `; at the present rate of deploys ${forecast.what === 'memory' ? 'memory' : 'the table of keys'} is full in ${durationText(forecast.inMs)}\n`
      : ''
  return (
    `; all is well: ${bytesText(memory.freeBytes)} of ${bytesText(settings.memoryBytes)} free, ` +
    `${keys} of ${keysMax} keys, no restart for want of room\n${when}`
  )
}
