// Lays a preset's rows under what an owner has written: values that are absent are filled in, lists are added to, and
// everything else stays as it was written, also when it is wrong: then it is told, as ever.
import type { PresetRow } from './preset.ts'

/** `written` with the rows of a preset as its defaults. */
export function withRows(written: unknown, rows: readonly PresetRow[]): unknown {
  if (rows.length === 0) return written
  return rows.reduce<unknown>((value, row) => withRow(value, row.setting.split('.'), row.value), written)
}

function withRow(written: unknown, path: readonly string[], value: PresetRow['value']): unknown {
  const [name, ...deeper] = path
  if (name === undefined) return withValue(written, value)
  if (written !== undefined && !isObject(written)) return written
  return { ...written, [name]: withRow(written?.[name], deeper, value) }
}

function withValue(written: unknown, value: PresetRow['value']): unknown {
  if (written === undefined) return value
  if (typeof value !== 'object') return written
  if (typeof written !== 'string' && !Array.isArray(written)) return written
  const own: readonly unknown[] = Array.isArray(written) ? written : [written]
  return [...own, ...value.filter((each) => !own.includes(each))]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
