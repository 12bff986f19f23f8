// How large and how slow a message may be (the section `limits` of the configuration). Whoever exceeds a limit is
// answered with the status that stands beside it.
import { bytes, defaultsOf, duration, integer, type SettingsOf } from '../base/setting.ts'

export const limitRows = {
  target: bytes(8 << 10, 'Longest request target; a longer one is answered with 414.', {
    min: 256,
    max: 1 << 20,
  }),
  fields: bytes(32 << 10, 'All header lines of a message together; more is answered with 431.', {
    min: 1 << 10,
    max: 1 << 20,
  }),
  fieldLines: integer(128, 'Header lines of a message; more are answered with 431.', { min: 8, max: 10_000 }),
  headTime: duration(
    10_000,
    'Time that a client has to send the head of a request; then it is answered with 408.',
    {
      min: 100,
      max: 600_000,
    },
  ),
  body: bytes(1 << 30, 'Largest request body; a larger one is answered with 413.', {
    min: 0,
    max: 2 ** 40,
  }),
  trailers: bytes(8 << 10, 'All trailer lines of a message together; more are answered with 431.', {
    min: 0,
    max: 1 << 20,
  }),
}

export type Limits = SettingsOf<typeof limitRows>

export const defaultLimits: Limits = defaultsOf(limitRows)
