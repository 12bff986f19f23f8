// A site whose origin misbehaves, with time limits short enough to wait for.
import { type Config } from '../../testing/myriad.ts'
import { type Site, startSite } from '../../testing/site.ts'

/** Settings of the one origin, beside its URL. */
export type OriginSettings = Readonly<Record<string, string | number | boolean>>

/** Limits that the faults run into. */
export const shortTimes: OriginSettings = {
  connectTime: '300ms',
  firstByteTime: '300ms',
  betweenBytesTime: '300ms',
  totalTime: '1500ms',
}

/** A site whose origin has these settings. */
export function startFaultySite(settings: OriginSettings = shortTimes, more: Config = {}): Promise<Site> {
  return startSite((http) => ({ ...more, services: { site: { origin: { http, ...settings } } } }))
}
