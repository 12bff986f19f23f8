// What a listener with TLS adds to every answer whose application does not say it itself: that HTTP/3 is spoken here, too
// (RFC 7838), and that browsers are to use https alone (RFC 6797).
import type { FieldReader } from '../http/message.ts'
import type { TlsSettings } from './tls-settings.ts'

/** Fields with names in lower case. Another array where they are others, so that what was made with them can be kept. */
export type ToldFields = readonly (readonly [key: string, value: string])[]

/** On a listener in clear text. */
export const nothingTold: ToldFields = []

/** `http3Port`: the UDP port; undefined: HTTP/3 is not spoken. */
export function toldFields({ hsts }: Pick<TlsSettings, 'hsts'>, http3Port: number | undefined): ToldFields {
  const fields: [string, string][] = []
  if (http3Port !== undefined) fields.push(['alt-svc', `h3=":${http3Port}"; ma=86400`])
  if (hsts > 0) fields.push(['strict-transport-security', `max-age=${Math.floor(hsts / 1000)}`])
  return fields
}

/** The lines that `said` leaves to be told, for HTTP/1.1. */
export function toldLines(told: ToldFields, said: Pick<FieldReader, 'has'>): string {
  let lines = ''
  for (const [key, value] of told) if (!said.has(key)) lines += `${key}: ${value}\r\n`
  return lines
}
