// Reads the one member of Cache-Status (RFC 9211) that Myriad writes, strictly: what is not well formed is an error.
import type { RawResponse } from './raw-client.ts'

/** The parameters of the member, by name. */
export interface CacheStatus {
  readonly hit: boolean
  readonly fwd?: string
  readonly stored: boolean
  readonly collapsed: boolean
  readonly fwdStatus?: number
  readonly ttl?: number
  readonly detail: string
}

/** What Myriad says about a response. */
export function cacheStatus(response: Pick<RawResponse, 'field'>): CacheStatus {
  const text = response.field('cache-status')
  if (!text) throw new Error('no Cache-Status')
  // The last member is the one nearest to the client (RFC 9211 §2).
  const member = text.split(', ').at(-1)!
  const [name, ...parameters] = member.split('; ')
  if (name !== 'Myriad') throw new Error(`not a member of Myriad: ${member}`)
  const given = new Map(
    parameters.map((parameter) => {
      const match = /^([a-z][a-z-]*)(?:=([a-z][a-z-]*|-?[0-9]+))?$/.exec(parameter)
      if (!match) throw new Error(`not a parameter of Cache-Status: ${parameter}`)
      return [match[1]!, match[2] ?? true] as const
    }),
  )
  const word = (key: string) => given.get(key) as string | undefined
  const fwd = word('fwd')
  const detail = word('detail')
  if (!detail) throw new Error(`no detail in ${member}`)
  if (given.has('hit') && fwd) throw new Error(`both hit and fwd in ${member}`)
  return {
    hit: given.has('hit'),
    ...(fwd && { fwd }),
    stored: given.has('stored'),
    collapsed: given.has('collapsed'),
    ...(given.has('fwd-status') && { fwdStatus: Number(word('fwd-status')) }),
    ...(given.has('ttl') && { ttl: Number(word('ttl')) }),
    detail,
  }
}

/** The one reason for a response. */
export const detail = (response: Pick<RawResponse, 'field'>): string => cacheStatus(response).detail
