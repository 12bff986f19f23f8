// Reads the sections `request` and `response` of a page rule: header fields that are set and removed.
import type { SettingRows } from '../base/setting.ts'
import { requestChangeRows, responseChangeRows } from '../cube/y/rule-settings.ts'
import {
  maySetInResponse,
  mayChangeRequest,
  mayRemoveFromResponse,
  type FieldChanges,
} from '../http/field-changes.ts'
import { memberOf, members, readRows, refuseUnknown, type Found } from './read.ts'

/** Changes to requests on their way to the application; undefined when there are none. */
export function readRequestChanges(found: Found): FieldChanges | undefined {
  return readChanges(found, requestChangeRows, mayChangeRequest, mayChangeRequest)
}

/** Changes to responses on their way to visitors; undefined when there are none. */
export function readResponseChanges(found: Found): FieldChanges | undefined {
  return readChanges(found, responseChangeRows, maySetInResponse, mayRemoveFromResponse)
}

function readChanges(
  found: Found,
  rows: SettingRows & typeof requestChangeRows,
  maySet: (key: string) => boolean,
  mayRemove: (key: string) => boolean,
): FieldChanges | undefined {
  if (found.value === undefined) return undefined
  const all = members(found, "an object with 'set' and 'remove'")
  if (all === undefined) return undefined
  refuseUnknown(all, ['set', 'remove'])
  const removed = readRows(rows, all, found).remove
  const at = memberOf(all, found, 'remove')
  for (const name of removed) checkName(at, name, mayRemove)
  const lines = all.get('set')
  const set = lines === undefined ? [] : readLines(lines, maySet)
  const remove = removed.map((name) => name.toLowerCase())
  return set.length === 0 && remove.length === 0 ? undefined : { set, remove }
}

function readLines(found: Found, maySet: (key: string) => boolean): FieldChanges['set'] {
  const lines: [string, string][] = []
  for (const [name, { value, path, report }] of members(
    found,
    "an object such as { 'X-Frame-Options': 'DENY' }",
  ) ?? []) {
    checkName({ value: name, path, report }, name, maySet)
    // RFC 9110 §5.5: visible ASCII with spaces and tabs within.
    if (typeof value === 'string' && /^[\u0021-\u007e](?:[\t\u0020-\u007e]*[\u0021-\u007e])?$/.test(value))
      lines.push([name, value])
    else report.wrong(path, value, 'expected the value of a header field: visible ASCII')
  }
  return lines
}

function checkName({ path, report }: Found, name: string, may: (key: string) => boolean): void {
  // RFC 9110 §5.1: a token.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    report.wrong(path, name, 'expected the name of a header field, such as X-Frame-Options')
  else if (!may(name.toLowerCase()))
    report.wrong(
      path,
      name,
      'not to be changed by a rule: it belongs to the connection, the framing, or the cache',
    )
}
