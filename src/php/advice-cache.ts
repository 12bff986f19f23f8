// Advice on the size of OPcache: memory, keys, waste, interned strings, JIT code. What is advised is at least PHP's own
// default and about twice what is used: memory that is not used costs nothing, because the kernel gives a page only when
// something is written to it. Pure.
import { settingFor } from './accelerated-files.ts'
import type { Advice, Weight } from './advice.ts'
import { bytesText, durationText, percentOf } from './figures.ts'
import type { Forecast } from './forecast.ts'
import { fullness, scarceShare } from './fullness.ts'
import type { Opcache, OpcacheOn } from './reading.ts'
import type { MasterReport, Report } from './report.ts'

const MB = 2 ** 20
const memoryDefaultMb = 128
const internedDefaultMb = 8
const keysDefault = 10_000

const internedScarceShare = 0.05
/** A cache that is full sooner than this is worth a word. */
const soonMs = 7 * 86_400_000

/** Why something is advised; the first of several is told, the readings of all. */
interface Cause {
  readonly weight: Weight
  readonly reason: string
  readonly reading: string
}

/** Advice on what OPcache has room for. */
export function cacheAdvice(master: MasterReport, opcache: Opcache, { tree }: Report): readonly Advice[] {
  const about = { master: master.name, pool: undefined }
  if (opcache.state === 'untold') return []
  if (opcache.state === 'off') {
    const isLoaded = opcache.why === 'not enabled'
    return [
      {
        ...about,
        weight: 'fault',
        subject: 'opcache.enable',
        lines: [...(isLoaded ? [] : ['zend_extension = opcache']), 'opcache.enable = 1'],
        reason: 'OPcache is off: every request compiles all its scripts anew',
        readings: [isLoaded ? 'opcache.enable 0' : 'Zend OPcache is not among the extensions'],
      },
    ]
  }
  const memory = memoryAdvice(opcache, master.forecast, tree?.files)
  const keys = keysAdvice(opcache, master.forecast, tree?.files)
  const found = [memory, keys, wasteAdvice(opcache), internedAdvice(opcache, memory), jitAdvice(opcache)]
  return found.filter((advice) => advice !== undefined).map((advice) => ({ ...about, ...advice }))
}

type Found = Omit<Advice, 'master' | 'pool'>

function memoryAdvice(
  opcache: OpcacheOn,
  forecast: Forecast,
  treeFiles: number | undefined,
): Found | undefined {
  const { memory, settings, restarts } = opcache
  const total = settings.memoryBytes
  const wastedShare = total === 0 ? 0 : memory.wastedBytes / total
  const isFull = fullness(opcache).memory
  const soon = forecast.kind === 'full' && forecast.what === 'memory' && forecast.inMs < soonMs
  const causes: readonly (Cause | false)[] = [
    isFull && {
      weight: 'fault',
      reason: 'OPcache is out of memory: scripts that do not fit are compiled anew for every request',
      reading: `cache_full ${opcache.isFull ? 'yes' : 'no'}, misses ${opcache.misses} for ${opcache.scripts} scripts, hits ${opcache.hits}`,
    },
    restarts.oom > 0 && {
      weight: 'fault',
      reason:
        'OPcache ran out of memory and was emptied: all scripts are compiled anew at once, while visitors wait',
      reading: `oom_restarts ${restarts.oom}`,
    },
    wastedShare * 100 >= settings.maxWastedPercent && {
      weight: 'risk',
      reason:
        'old versions of changed files hold so much memory that OPcache empties itself as soon as it runs out; ' +
        '`myriad php reset` at the end of a deploy gives it back at a time of your choice',
      reading: `wasted ${percentOf(wastedShare)}, max_wasted_percentage ${settings.maxWastedPercent}`,
    },
    memory.freeBytes < total * scarceShare && {
      weight: 'risk',
      reason: 'OPcache is nearly out of memory',
      reading: `free ${percentOf(memory.freeBytes / total)}`,
    },
    soon && {
      weight: 'risk',
      reason: `at the present rate of deploys memory is full in ${durationText(forecast.inMs)}`,
      reading: `${bytesText(forecast.perDay)} more each day, seen over ${durationText(forecast.overMs)}`,
    },
  ]
  const share = `used ${bytesText(memory.usedBytes)}, free ${bytesText(memory.freeBytes)}, wasted ${bytesText(memory.wastedBytes)} of ${bytesText(total)}`
  const advice = summed('opcache.memory_consumption', causes, [share])
  if (advice === undefined) return undefined
  const perScript = opcache.scripts === 0 ? 0 : memory.usedBytes / opcache.scripts
  const wanted = Math.max(
    2 * memory.usedBytes,
    (1.25 * memory.wastedBytes * 100) / Math.max(1, settings.maxWastedPercent),
    isFull || restarts.oom > 0 ? 2 * total : 0,
    1.2 * perScript * (treeFiles ?? 0),
    total + 1,
  )
  const wantedMb = Math.min(wanted / MB, Math.max((4 * total) / MB, memoryDefaultMb))
  return { ...advice, lines: [`opcache.memory_consumption = ${memoryStep(wantedMb)}`] }
}

/** The size to write, in megabytes: 128, 192, 256, 384, 512 … */
function memoryStep(wantedMb: number): number {
  let step = memoryDefaultMb
  while (step < wantedMb) step = Number.isInteger(Math.log2(step)) ? step * 1.5 : (step / 3) * 4
  return step
}

function keysAdvice(
  opcache: OpcacheOn,
  forecast: Forecast,
  treeFiles: number | undefined,
): Found | undefined {
  const { keys, keysMax, restarts, settings } = opcache
  const soon = forecast.kind === 'full' && forecast.what === 'keys' && forecast.inMs < soonMs
  const causes: readonly (Cause | false)[] = [
    fullness(opcache).keys && {
      weight: 'fault',
      reason: 'OPcache has no room for more keys: further scripts are compiled anew for every request',
      reading: `num_cached_keys ${keys} of ${keysMax}`,
    },
    restarts.hash > 0 && {
      weight: 'fault',
      reason:
        'OPcache ran out of keys and was emptied: all scripts are compiled anew at once, while visitors wait',
      reading: `hash_restarts ${restarts.hash}`,
    },
    keys >= keysMax * (1 - scarceShare) && {
      weight: 'risk',
      reason: 'OPcache is nearly out of keys',
      reading: `num_cached_keys ${keys} of ${keysMax}`,
    },
    soon && {
      weight: 'risk',
      reason: `at the present rate of deploys the table of keys is full in ${durationText(forecast.inMs)}`,
      reading: `${Math.ceil(forecast.perDay)} keys more each day, seen over ${durationText(forecast.overMs)}`,
    },
  ]
  const files = treeFiles === undefined ? [] : [`PHP files in the tree ${treeFiles}`]
  const advice = summed('opcache.max_accelerated_files', causes, [
    `max_accelerated_files ${settings.maxAcceleratedFiles}`,
    ...files,
  ])
  if (advice === undefined) return undefined
  const wanted = Math.max(2 * keys, keysMax + 1, keysDefault, 1.25 * (treeFiles ?? 0))
  const setting = settingFor(wanted) ?? settingFor(keysMax + 1)
  if (setting !== undefined) return { ...advice, lines: [`opcache.max_accelerated_files = ${setting}`] }
  return {
    ...advice,
    reason: `${advice.reason}; there is no larger table: give its sites masters of their own`,
  }
}

/** Full, and yet not emptied, because the waste that fills it is below the limit: it stays so until php-fpm restarts. */
function wasteAdvice(opcache: OpcacheOn): Found | undefined {
  const { memory, settings, restart } = opcache
  const wastedPercent = (100 * memory.wastedBytes) / Math.max(1, settings.memoryBytes)
  const wouldFit = memory.usedBytes < settings.memoryBytes * 0.8
  const isScarce = memory.freeBytes < settings.memoryBytes * scarceShare
  const { memory: isOutOfMemory, keys: isOutOfKeys } = fullness(opcache)
  const isStuck =
    ((isOutOfMemory && isScarce) || isOutOfKeys) &&
    restart === 'none' &&
    wastedPercent < settings.maxWastedPercent
  if (!isStuck || wastedPercent < 1 || !wouldFit) return undefined
  return {
    weight: 'fault',
    subject: 'opcache.max_wasted_percentage',
    lines: [`opcache.max_wasted_percentage = ${Math.max(1, Math.floor(wastedPercent / 2))}`],
    reason:
      'OPcache is full of old versions of changed files, and may not empty itself before there are more of them: ' +
      'it stays full until php-fpm restarts',
    readings: [
      `wasted ${wastedPercent.toFixed(1)}%, max_wasted_percentage ${settings.maxWastedPercent}`,
      `used ${bytesText(memory.usedBytes)} of ${bytesText(settings.memoryBytes)}`,
    ],
  }
}

function internedAdvice(opcache: OpcacheOn, memory: Found | undefined): Found | undefined {
  const { interned, settings } = opcache
  if (interned === undefined || interned.bytes - interned.usedBytes >= interned.bytes * internedScarceShare)
    return undefined
  const mb = Math.max(2 * settings.internedMb, internedDefaultMb)
  // The strings lie in OPcache's memory: what they take more is given to it, where nothing else asks for more.
  const memoryMb = Math.ceil(settings.memoryBytes / MB) + mb - settings.internedMb
  return {
    weight: 'gain',
    subject: 'opcache.interned_strings_buffer',
    lines: [
      `opcache.interned_strings_buffer = ${mb}`,
      ...(memory === undefined ? [`opcache.memory_consumption = ${memoryMb}`] : []),
    ],
    reason: 'there is no room for more shared strings: every script keeps copies of its own',
    readings: [
      `interned strings ${bytesText(interned.usedBytes)} of ${bytesText(interned.bytes)}, ${interned.strings} of them`,
    ],
  }
}

function jitAdvice({ jit }: OpcacheOn): Found | undefined {
  if (!jit.on || jit.bufferBytes === 0 || jit.freeBytes >= jit.bufferBytes * internedScarceShare)
    return undefined
  return {
    weight: 'gain',
    subject: 'opcache.jit_buffer_size',
    lines: [`opcache.jit_buffer_size = ${Math.ceil((2 * jit.bufferBytes) / MB)}M`],
    reason: 'there is no room for more compiled code: what becomes hot from now on is interpreted',
    readings: [`JIT buffer ${bytesText(jit.freeBytes)} free of ${bytesText(jit.bufferBytes)}`],
  }
}

/** One advice of several causes; undefined when there is none. */
function summed(
  subject: string,
  causes: readonly (Cause | false)[],
  more: readonly string[],
): Found | undefined {
  const found = causes.filter((cause) => cause !== false)
  const first = found[0]
  if (first === undefined) return undefined
  const readings = [...new Set([...found.map(({ reading }) => reading), ...more])]
  return { weight: first.weight, subject, lines: [], reason: first.reason, readings }
}
