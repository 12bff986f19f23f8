// Reads values by their settings rows: whatever stands in a configuration goes in, a typed value or a problem comes
// out. A wrong value is reported and stands in as its default, so that everything else is looked at too.
import { parseIpRange } from '../base/ip-address.ts'
import type { SettingRow, SettingRows, SettingsOf } from '../base/setting.ts'
import { memberPath, type Report } from './problem.ts'
import { nearest } from './spelling.ts'
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from './units.ts'

/** A value in a configuration, with its place and where its problems go. */
export interface Found {
  readonly value: unknown
  readonly path: string
  readonly report: Report
}

/** The member of an object or list that was found. */
export function member(of: Found, key: string | number, value: unknown): Found {
  return { value, path: memberPath(of.path, key), report: of.report }
}

/** The member of that name; an absent one is found with the value undefined. */
export function memberOf(all: ReadonlyMap<string, Found>, of: Found, name: string): Found {
  return all.get(name) ?? member(of, name, undefined)
}

/** The members of an object; undefined, and a problem, when it is something else. */
export function members(found: Found, expected: string): ReadonlyMap<string, Found> | undefined {
  const { value } = found
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.report.wrong(found.path, value, `expected ${expected}`)
    return undefined
  }
  return new Map(Object.entries(value).map(([key, inner]) => [key, member(found, key, inner)]))
}

/** Reports the members that are neither rows nor `others`. */
export function refuseUnknown(all: ReadonlyMap<string, Found>, known: readonly string[]): void {
  for (const [name, { path, value, report }] of all) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    const expected =
      near === undefined ? `not available: only ${listed(known)} can be set here` : 'no such setting'
    report.wrong(path, value, expected, near)
  }
}

/** The settings of a table of rows, from the members of an object; what is absent has its default. */
export function readRows<R extends SettingRows>(
  rows: R,
  all: ReadonlyMap<string, Found>,
  at: Found,
): SettingsOf<R> {
  const entries = Object.entries(rows).map(([name, row]) => {
    const found = all.get(name)
    if (found !== undefined && found.value !== undefined) return [name, readRow(row, found)]
    if (row.required) at.report.amiss(memberPath(at.path, name), `missing: expected ${expectation(row)}`)
    return [name, row.default]
  })
  return Object.fromEntries(entries) as SettingsOf<R>
}

/** A section that holds the settings of one table and nothing else. An absent section has all defaults. */
export function readSection<R extends SettingRows>(rows: R, found: Found): SettingsOf<R> {
  const all =
    found.value === undefined ? undefined : members(found, `an object with ${listed(Object.keys(rows))}`)
  if (all !== undefined) refuseUnknown(all, Object.keys(rows))
  return readRows(rows, all ?? new Map(), found)
}

/** The value of one row; its default, and a problem, when what was found does not fit. */
export function readRow<T>(row: SettingRow<T>, found: Found): T {
  const value = parse(row, found.value)
  if (value !== undefined) return value as T
  const near = typeof found.value === 'string' ? nearest(found.value, row.values ?? []) : undefined
  found.report.wrong(found.path, found.value, `expected ${expectation(row)}`, near)
  return row.default
}

function parse(row: SettingRow<unknown>, value: unknown): unknown {
  switch (row.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'integer':
      return Number.isSafeInteger(value) ? within(row, value as number) : undefined
    case 'bytes':
      return within(row, parseBytes(value))
    case 'durationMs':
      return within(row, parseDurationMs(value))
    case 'text':
      return typeof value === 'string' && value !== '' ? value : undefined
    case 'texts':
      return textsOf(value)
    case 'cidrs':
      return textsOf(value)?.every(isCidr) ? textsOf(value) : undefined
    case 'choice':
      return typeof value === 'string' && row.values?.includes(value) ? value : undefined
  }
}

function within(row: SettingRow<unknown>, value: number | undefined): number | undefined {
  if (value === undefined || value < (row.min ?? 0) || value > (row.max ?? Number.MAX_SAFE_INTEGER))
    return undefined
  return value
}

function textsOf(value: unknown): readonly string[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.every((text): text is string => typeof text === 'string' && text !== '') ? list : undefined
}

/** An address, a range in CIDR notation (RFC 4632 §3.1), or one of the words for common ranges. */
function isCidr(text: string): boolean {
  return text === 'loopback' || text === 'private' || parseIpRange(text) !== undefined
}

/** What a row accepts, in words. */
function expectation(row: SettingRow<unknown>): string {
  switch (row.kind) {
    case 'boolean':
      return 'true or false'
    case 'integer':
      return `a whole number${bounds(row, String)}`
    case 'bytes':
      return `a size such as '8KB' or '128MB'${bounds(row, formatBytes)}`
    case 'durationMs':
      return `a duration such as '10s' or '1h'${bounds(row, formatDuration)}`
    case 'text':
      return 'a text'
    case 'texts':
      return 'a text or a list of texts'
    case 'cidrs':
      return "addresses or ranges such as '10.0.0.0/8', 'loopback' or 'private'"
    case 'choice':
      return listed(row.values ?? [], 'or')
  }
}

/** The limits of a number, in words that follow a comma; '' when it has none. */
export function bounds({ min = 0, max }: SettingRow<unknown>, format: (value: number) => string): string {
  if (max === undefined) return min > 0 ? `, at least ${format(min)}` : ''
  return min > 0 ? `, from ${format(min)} to ${format(max)}` : `, at most ${format(max)}`
}

/** Words as a list in a sentence. */
export function listed(words: readonly string[], last = 'and'): string {
  const quoted = words.map((word) => `'${word}'`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`
}
