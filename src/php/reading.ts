// What a pool of php-fpm answered, read into types. The answer comes from a program that others configure and patch, so
// nothing in it is taken on trust: what is missing or of another type is a stated reason, or zero where PHP leaves it
// out. Pure. Sources: the PHP manual on opcache_get_status, opcache_get_configuration and fpm_get_status.
import { answerMark } from './question.ts'

/** Memory in three parts; free + used + wasted is all of it. */
export interface OpcacheMemory {
  readonly usedBytes: number
  readonly freeBytes: number
  /** Held by scripts that have changed since: given back by a restart only. */
  readonly wastedBytes: number
}

/** The part of the settings that the status and the advice speak of. */
export interface OpcacheSettings {
  readonly memoryBytes: number
  readonly internedMb: number
  readonly maxAcceleratedFiles: number
  /** In percent, as in php.ini (PHP tells a fraction). */
  readonly maxWastedPercent: number
  readonly validateTimestamps: boolean
  readonly revalidateFreqSeconds: number
  readonly validatePermission: boolean
  readonly validateRoot: boolean
  readonly fileUpdateProtectionSeconds: number
  readonly restrictApi: string
  readonly jit: string
  readonly jitBufferBytes: number
}

export interface OpcacheOn {
  readonly state: 'on'
  readonly memory: OpcacheMemory
  readonly settings: OpcacheSettings
  /** PHP's own flag: something did not fit, by memory or by keys. */
  readonly isFull: boolean
  readonly restart: 'none' | 'pending' | 'in progress'
  readonly scripts: number
  readonly keys: number
  readonly keysMax: number
  readonly hits: number
  readonly misses: number
  /** Seconds since the Unix epoch. */
  readonly startedAt: number
  /** Seconds since the Unix epoch; 0: never. */
  readonly restartedAt: number
  readonly restarts: { readonly oom: number; readonly hash: number; readonly manual: number }
  /** Undefined where interned strings are not shared (`interned_strings_buffer = 0`). */
  readonly interned:
    { readonly bytes: number; readonly usedBytes: number; readonly strings: number } | undefined
  readonly jit: { readonly on: boolean; readonly bufferBytes: number; readonly freeBytes: number }
}

/** OPcache as one pool sees it; pools of one master see the same, except that it can be switched off for one. */
export type Opcache =
  | OpcacheOn
  | { readonly state: 'off'; readonly why: 'not loaded' | 'not enabled' }
  /** PHP does not let this script ask (`opcache.restrict_api`, `disable_functions`). */
  | { readonly state: 'untold'; readonly why: string }

/** What php-fpm tells of a pool. */
export interface PoolStatus {
  readonly name: string
  readonly manager: string
  readonly startedAt: number
  readonly accepted: number
  readonly idle: number
  /** With the one that answered. */
  readonly active: number
  readonly total: number
  /** Where connections are kept, php-fpm counts more than there were. */
  readonly activeMax: number
  readonly childrenMaxReached: number
  /** Connections that wait to be accepted. php-fpm knows it for TCP sockets only; on unix sockets it tells 0. */
  readonly queue: number
  readonly queueMax: number
  /** Requests over `request_slowlog_timeout`; 0 where that is not set. */
  readonly slow: number
}

/** An answer to a status question. */
export interface PoolReading {
  readonly php: string
  /** Process id of the worker that answered, as it sees itself. */
  readonly pid: number
  /** Process id of its master; undefined when PHP cannot tell (no posix extension). */
  readonly parent: number | undefined
  readonly timeSeconds: number
  readonly opcache: Opcache
  readonly pool: PoolStatus | undefined
  /** Whether the question itself takes up an entry of OPcache. */
  readonly isQuestionCached: boolean
}

/** An answer to a reset or an invalidation. */
export interface Deed {
  readonly done: boolean
  /** Whether the file was in the cache; undefined when no file was meant. */
  readonly wasCached: boolean | undefined
  readonly why: string
}

/** What could not be read, and why. */
export interface Unread {
  readonly error: string
}

/** Reads the answer to a status question out of a response's body. */
export function readStatus(body: string): PoolReading | Unread {
  const answer = answerOf(body)
  if (answer === undefined) return notOurs(body)
  const configuration = record(answer['configuration'])
  return {
    php: text(answer['php']),
    pid: number(answer['pid']),
    parent: typeof answer['parent'] === 'number' ? number(answer['parent']) : undefined,
    timeSeconds: number(answer['time']),
    opcache: opcacheOf(answer, record(answer['status']), record(configuration?.['directives'])),
    pool: countedPool(answer, poolOf(record(answer['fpm']))),
    isQuestionCached: answer['cached'] === true,
  }
}

/** Reads the answer to a reset or an invalidation out of a response's body. */
export function readDeed(body: string): Deed | Unread {
  const answer = answerOf(body)
  if (answer === undefined) return notOurs(body)
  const wasCached = typeof answer['cached'] === 'boolean' ? answer['cached'] : undefined
  const done = answer['done'] === true
  if (done) return { done, wasCached, why: '' }
  const errors = errorsOf(answer)
  if (wasCached === false && errors === '') return { done, wasCached, why: 'the file is not in the cache' }
  return { done, wasCached: undefined, why: errors || 'OPcache refused: it is off, or is restarting already' }
}

/** Reads php-fpm's own status page (`pm.status_path`, as JSON). */
export function readStatusPage(body: string): PoolStatus | Unread {
  return poolOf(record(parsed(body))) ?? notOurs(body)
}

function opcacheOf(
  answer: Readonly<Record<string, unknown>>,
  status: Readonly<Record<string, unknown>> | undefined,
  directives: Readonly<Record<string, unknown>> | undefined,
): Opcache {
  if (answer['loaded'] !== true) return { state: 'off', why: 'not loaded' }
  if (directives?.['opcache.enable'] === false) return { state: 'off', why: 'not enabled' }
  if (status === undefined || directives === undefined)
    return { state: 'untold', why: errorsOf(answer) || 'PHP tells no status of it' }
  const memory = record(status['memory_usage']) ?? {}
  const counts = record(status['opcache_statistics']) ?? {}
  const interned = record(status['interned_strings_usage'])
  const jit = record(status['jit']) ?? {}
  return {
    state: 'on',
    memory: {
      usedBytes: number(memory['used_memory']),
      freeBytes: number(memory['free_memory']),
      wastedBytes: number(memory['wasted_memory']),
    },
    settings: settingsOf(directives),
    isFull: status['cache_full'] === true,
    restart: restartOf(status),
    scripts: number(counts['num_cached_scripts']),
    keys: number(counts['num_cached_keys']),
    keysMax: number(counts['max_cached_keys']),
    hits: number(counts['hits']),
    misses: number(counts['misses']),
    startedAt: number(counts['start_time']),
    restartedAt: number(counts['last_restart_time']),
    restarts: {
      oom: number(counts['oom_restarts']),
      hash: number(counts['hash_restarts']),
      manual: number(counts['manual_restarts']),
    },
    interned: interned && {
      bytes: number(interned['buffer_size']),
      usedBytes: number(interned['used_memory']),
      strings: number(interned['number_of_strings']),
    },
    jit: {
      on: jit['on'] === true,
      bufferBytes: number(jit['buffer_size']),
      freeBytes: number(jit['buffer_free']),
    },
  }
}

function restartOf(status: Readonly<Record<string, unknown>>): OpcacheOn['restart'] {
  if (status['restart_in_progress'] === true) return 'in progress'
  return status['restart_pending'] === true ? 'pending' : 'none'
}

function settingsOf(directives: Readonly<Record<string, unknown>>): OpcacheSettings {
  const of = (name: string): unknown => directives[`opcache.${name}`]
  return {
    memoryBytes: number(of('memory_consumption')),
    internedMb: number(of('interned_strings_buffer')),
    maxAcceleratedFiles: number(of('max_accelerated_files')),
    maxWastedPercent: Math.round(number(of('max_wasted_percentage')) * 100),
    validateTimestamps: of('validate_timestamps') === true,
    revalidateFreqSeconds: number(of('revalidate_freq')),
    validatePermission: of('validate_permission') === true,
    validateRoot: of('validate_root') === true,
    fileUpdateProtectionSeconds: number(of('file_update_protection')),
    restrictApi: text(of('restrict_api')),
    jit: text(of('jit')),
    jitBufferBytes: number(of('jit_buffer_size')),
  }
}

function poolOf(page: Readonly<Record<string, unknown>> | undefined): PoolStatus | undefined {
  if (page === undefined || typeof page['pool'] !== 'string') return undefined
  const of = (name: string): number => number(page[name] ?? page[name.replaceAll('-', ' ')])
  return {
    name: page['pool'],
    manager: text(page['process-manager'] ?? page['process manager']),
    startedAt: of('start-time'),
    accepted: of('accepted-conn'),
    idle: of('idle-processes'),
    active: of('active-processes'),
    total: of('total-processes'),
    activeMax: of('max-active-processes'),
    childrenMaxReached: of('max-children-reached'),
    queue: of('listen-queue'),
    queueMax: of('max-listen-queue'),
    slow: of('slow-requests'),
  }
}

/** php-fpm's own counters of idle and active workers run ahead for a second where connections are kept: counted anew. */
function countedPool(
  answer: Readonly<Record<string, unknown>>,
  pool: PoolStatus | undefined,
): PoolStatus | undefined {
  const total = number(answer['processes'])
  const idle = Math.min(total, number(answer['idle']))
  return pool === undefined || total === 0 ? pool : { ...pool, total, idle, active: total - idle }
}

function answerOf(body: string): Readonly<Record<string, unknown>> | undefined {
  const at = body.lastIndexOf(answerMark)
  return at < 0 ? undefined : record(parsed(body.slice(at + answerMark.length)))
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Told as an answer that is not ours.
    return undefined
  }
}

const shownMax = 80

function notOurs(body: string): Unread {
  // Control characters of a stranger have no business on a terminal.
  const shown = body
    .slice(0, 4 * shownMax)
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
  if (shown === '') return { error: 'it answered nothing' }
  return {
    error: `it answered something else: ${shown.slice(0, shownMax)}${shown.length > shownMax ? '…' : ''}`,
  }
}

function errorsOf(answer: Readonly<Record<string, unknown>>): string {
  const errors = Array.isArray(answer['errors']) ? answer['errors'] : []
  return errors
    .filter((error) => typeof error === 'string')
    .join('; ')
    .replaceAll(/\p{C}+/gu, ' ')
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

/** A count or size that is none is 0: nothing here is ever negative. */
function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\p{C}+/gu, ' ') : ''
}
