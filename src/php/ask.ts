// Puts a question to one pool, and says in words why there is no answer where there is none.
import { lstatSync } from 'node:fs'
import type { Timers } from '../base/clock.ts'
import { exchange, type Exchange } from './exchange.ts'
import type { Pool, PoolAddress } from './pool.ts'
import { questionParams, statusPageParams, type Question } from './question.ts'
import { placeQuestion } from './question-file.ts'
import { readStatusPage, type PoolStatus, type Unread } from './reading.ts'

/** How pools are asked. */
export interface Asking {
  readonly timers: Timers
  /** How long a pool may take to answer. */
  readonly timeMs: number
  /** Where to put the script; undefined: where the system has room for such things. */
  readonly folder: string | undefined
}

/** The body of the answer, or why there is none. */
export async function ask(pool: Pool, question: Question, asking: Asking): Promise<string | Unread> {
  if (pool.chroot !== undefined && asking.folder === undefined) {
    return {
      error: `it is shut into ${pool.chroot}, where this script is not seen: name a folder in there with --folder`,
    }
  }
  let placed
  try {
    placed = placeQuestion(pool.account, asking.folder)
  } catch (error) {
    return { error: `the script for it cannot be written: ${(error as Error).message}` }
  }
  try {
    const params = questionParams(question, withoutRoot(placed.path, pool.chroot))
    const result = await exchange(pool.address, params, asking.timeMs, asking.timers)
    return result.kind === 'answered' && result.status < 300
      ? result.body
      : { error: whyNot(result, pool, asking) }
  } finally {
    placed.remove()
  }
}

/** Asks php-fpm's own status page: by the socket that is for it alone where there is one. */
export async function askStatusPage(pool: Pool, asking: Asking): Promise<PoolStatus | undefined> {
  if (pool.statusPath === undefined) return undefined
  const params = statusPageParams(pool.statusPath)
  const result = await exchange(pool.statusAddress ?? pool.address, params, asking.timeMs, asking.timers)
  if (result.kind === 'failed' || result.status !== 200) return undefined
  const page = readStatusPage(result.body)
  return 'error' in page ? undefined : page
}

/** A path as a pool sees it that is shut into `chroot`. */
function withoutRoot(path: string, chroot: string | undefined): string {
  const root = chroot?.replace(/\/+$/, '')
  return root !== undefined && path.startsWith(`${root}/`) ? path.slice(root.length) : path
}

function whyNot(result: Exchange, pool: Pool, { timeMs, folder }: Asking): string {
  if (result.kind === 'failed') return whyFailed(result.code, pool.address, timeMs)
  const { status, errors } = result
  if (errors.includes('security.limit_extensions'))
    return 'it runs no file that ends in .php (security.limit_extensions)'
  if (status === 404 || errors.includes('Primary script unknown')) {
    return (
      `it does not see the script in ${folder ?? 'the folder of this system'}: it has other folders than this user ` +
      '(a container, PrivateTmp) or may not read there (open_basedir); name a folder that it sees with --folder'
    )
  }
  return `it answered with status ${status}${errors === '' ? '' : `: ${errors.slice(0, 200)}`}`
}

function whyFailed(code: string, address: PoolAddress, timeMs: number): string {
  switch (code) {
    case 'late':
      return `no answer in ${timeMs / 1000} s: are all its workers busy?`
    case 'EACCES':
    case 'EPERM':
      return 'this user may not open its socket: ask as root, or as a member of its group'
    case 'ENOENT':
      return 'there is no such socket'
    case 'ECONNREFUSED':
    case 'FailedToOpenSocket':
      return whyRefused(address)
    case 'large':
      return 'it answered far more than a status'
    case 'invalid':
      return 'what listens there does not speak FastCGI'
    case 'closed':
      return 'it closed the connection without an answer'
    default:
      return `it cannot be reached (${code})`
  }
}

function whyRefused(address: PoolAddress): string {
  if (address.kind === 'unix' && lstatSync(address.path, { throwIfNoEntry: false }) === undefined)
    return 'there is no such socket'
  return 'nobody listens there'
}
