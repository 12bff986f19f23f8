// Hop-by-hop fields (RFC 9110 §7.6.1): what a message says about this connection alone, and which therefore ends here.
//
// A request's Connection field may name any other field, and so have it removed. That is what the standard asks for;
// it is harmless as long as everything that decides (key, variants, Authorization) looks at the fields that remain, as
// the application does (`cache/facts.ts`).
import { Fields } from './fields.ts'
import { remembered } from './memo.ts'

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  // RFC 9113 §3.1: it went with Upgrade, and means nothing without it.
  'http2-settings',
])

/** Whether a field (lower case) ends at this hop even when Connection does not name it. */
export function isHopByHop(key: string): boolean {
  return hopByHop.has(key)
}

/** The names that Connection lists, lower case, without 'close' and 'keep-alive', which name no field to look for. */
export function connectionOptions(fields: Fields): readonly string[] {
  const options: string[] = []
  for (let i = 0; i < fields.keys.length; i++) {
    if (fields.keys[i] !== 'connection') continue
    for (const option of optionsOf(fields.values[i]!))
      if (option !== 'close' && option !== 'keep-alive') options.push(option)
  }
  return options
}

/** The options in a value of Connection, lower case. Nearly all are 'keep-alive' or 'close'. */
export const optionsOf = remembered(
  (value: string): readonly string[] =>
    value
      .split(',')
      .map((option) => option.trim().toLowerCase())
      .filter((option) => option !== ''),
  64,
)

/** Whether a value of Connection names a field that does not end at this hop by itself. */
export function namesFields(value: string): boolean {
  return optionsOf(value).some((option) => option !== 'close' && !hopByHop.has(option))
}

const none: readonly string[] = []

/** The fields that go on to the next hop, as a copy. `replaced`: names of which the caller has its own lines. */
export function endToEnd(fields: Fields, replaced?: ReadonlySet<string>): Fields {
  const named = fields.keys.includes('connection') ? connectionOptions(fields) : none
  const kept = new Fields()
  for (let i = 0; i < fields.keys.length; i++) {
    const key = fields.keys[i]!
    if (hopByHop.has(key) || (named.length > 0 && named.includes(key)) || replaced?.has(key) === true)
      continue
    kept.keys.push(key)
    kept.names.push(fields.names[i]!)
    kept.values.push(fields.values[i]!)
  }
  return kept
}
