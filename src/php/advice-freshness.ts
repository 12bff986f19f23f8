// Advice on how OPcache finds out that a file has changed. Pure.
import type { Advice } from './advice.ts'
import { durationText } from './figures.ts'
import type { OpcacheOn } from './reading.ts'
import type { MasterReport, Report } from './report.ts'

const revalidateDefaultSeconds = 2

/** Looking at files costs nothing that shows below this. */
const lookupsPerSecondMin = 100

/** Without a change for so long, deploys are rare enough to end each with a reset. */
const quietMsMin = 86_400_000

/** Advice on `validate_timestamps` and `revalidate_freq`. */
export function freshnessAdvice(
  master: MasterReport,
  opcache: OpcacheOn,
  { at, tree }: Report,
): readonly Advice[] {
  const { settings, hits } = opcache
  const about = { master: master.name, pool: undefined }
  const emptyAt = Math.max(opcache.startedAt, opcache.restartedAt)
  const seconds = Math.max(1, at - emptyAt)
  const lookups = `hits ${hits} in ${durationText(seconds * 1000)}`
  if (!settings.validateTimestamps) {
    if (tree === undefined || tree.changedAt <= emptyAt) return []
    return [
      {
        ...about,
        weight: 'risk',
        subject: 'opcache.validate_timestamps',
        lines: [],
        reason:
          'files have changed since the cache was filled, and OPcache does not look: ' +
          'old versions may run until `myriad php reset`',
        readings: [
          'validate_timestamps 0',
          `the latest change below ${tree.root} came ${durationText((tree.changedAt - emptyAt) * 1000)} after the cache was empty`,
        ],
      },
    ]
  }
  if (settings.revalidateFreqSeconds === 0 && hits > 0) {
    return [
      {
        ...about,
        weight: 'gain',
        subject: 'opcache.revalidate_freq',
        lines: [`opcache.revalidate_freq = ${revalidateDefaultSeconds}`],
        reason: 'every request asks the file system about each of its scripts',
        readings: ['validate_timestamps 1, revalidate_freq 0', lookups],
      },
    ]
  }
  const quietMs = quietFor(master)
  if (quietMs < quietMsMin || hits / seconds < lookupsPerSecondMin) return []
  return [
    {
      ...about,
      weight: 'gain',
      subject: 'opcache.validate_timestamps',
      lines: ['opcache.validate_timestamps = 0'],
      reason:
        'files change rarely: if every deploy ends with `myriad php reset`, they need not be looked at in between',
      readings: [
        `validate_timestamps 1, revalidate_freq ${settings.revalidateFreqSeconds}`,
        lookups,
        `no changed file in ${durationText(quietMs)}`,
      ],
    },
  ]
}

function quietFor({ forecast }: MasterReport): number {
  if (forecast.kind === 'steady') return forecast.overMs
  return forecast.kind === 'full' && forecast.wastedBytes === 0 ? forecast.overMs : 0
}
