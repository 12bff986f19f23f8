// Limits on what a peer may send over HTTP/1.1, as settings. Each has the status that answers its breach.
import { bytes, duration, integer, type SettingsOf } from '../base/setting.ts'

export const limitRows = {
  targetBytes: bytes(8192, 'The longest request target; a longer one is answered with 414.', {
    min: 64,
    max: 1 << 20,
  }),
  fieldsBytes: bytes(32768, 'All field lines of one head together; more is answered with 431.', {
    min: 512,
    max: 1 << 20,
  }),
  fieldLines: integer(128, 'How many field lines one head may have; more is answered with 431.', {
    min: 8,
    max: 1024,
  }),
  headTime: duration(10_000, 'How long a request head may take to arrive; longer is answered with 408.', {
    min: 100,
  }),
  bodyBytes: bytes(1024 ** 4, 'The largest request body; a larger one is answered with 413.', { min: 0 }),
  trailerBytes: bytes(8192, 'All trailer field lines of one message together; more ends the connection.', {
    min: 0,
    max: 1 << 20,
  }),
} as const

export type Http1Limits = SettingsOf<typeof limitRows>
