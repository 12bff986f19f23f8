// The type of a settings row. Each part owns a table of rows (`limits.ts`, `settings.ts` in its folder); validation,
// `--help`, and docs/manual/settings.md are generated from the rows, and the TypeScript type is inferred from them.

/** What a row accepts; `durationMs` reads '10s', '1h'; `bytes` reads '8KB', '128MB'; `cidrs` reads addresses. */
export type SettingKind =
  'boolean' | 'integer' | 'bytes' | 'durationMs' | 'text' | 'texts' | 'cidrs' | 'choice'

/** One setting: name and place come from the table that holds it. */
export interface SettingRow<T, K extends SettingKind = SettingKind> {
  readonly kind: K
  readonly default: T
  /** One sentence for the manual and the help, without the default. */
  readonly text: string
  readonly min?: number
  readonly max?: number
  /** The allowed words of a `choice`. */
  readonly values?: readonly string[]
  /** There is no default: it has to be set. */
  readonly required?: true
}

/** A part's table of rows, by the setting's name. */
export type SettingRows = Readonly<Record<string, SettingRow<unknown>>>

/** What an owner may write for a row, in TypeScript. */
interface InputOfKind {
  readonly boolean: boolean
  readonly integer: number
  readonly bytes: number | `${number}${'B' | 'KB' | 'MB' | 'GB' | 'TB'}`
  readonly durationMs: number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
  readonly text: string
  readonly texts: string | readonly string[]
  readonly cidrs: string | readonly string[]
}

type InputOfRow<Row> =
  Row extends SettingRow<infer T, infer K> ? (K extends keyof InputOfKind ? InputOfKind[K] : T) : never

/** What an owner may write for a table of rows: any of its settings. */
export type SettingsInput<R extends SettingRows> = { readonly [K in keyof R]?: InputOfRow<R[K]> }

/** The values of a table of rows. */
export type SettingsOf<R extends SettingRows> = {
  readonly [K in keyof R]: R[K] extends SettingRow<infer T> ? T : never
}

interface Bounds {
  readonly min?: number
  readonly max?: number
}

export const boolean = (value: boolean, text: string): SettingRow<boolean, 'boolean'> => ({
  kind: 'boolean',
  default: value,
  text,
})

export const integer = (value: number, text: string, bounds: Bounds = {}): SettingRow<number, 'integer'> => ({
  kind: 'integer',
  default: value,
  text,
  ...bounds,
})

/** A number that may be absent. */
export const optionalInteger = (
  text: string,
  bounds: Bounds = {},
): SettingRow<number | undefined, 'integer'> => ({ kind: 'integer', default: undefined, text, ...bounds })

/** A size in bytes; written as a number, or with KB, MB, GB, TB (powers of 1024). */
export const bytes = (value: number, text: string, bounds: Bounds = {}): SettingRow<number, 'bytes'> => ({
  kind: 'bytes',
  default: value,
  text,
  ...bounds,
})

/** A size that may be absent: absent leaves it to another setting. */
export const optionalBytes = (
  text: string,
  bounds: Bounds = {},
): SettingRow<number | undefined, 'bytes'> => ({ kind: 'bytes', default: undefined, text, ...bounds })

/** A number that has to be set. */
export const requiredInteger = (text: string, bounds: Bounds = {}): SettingRow<number, 'integer'> => ({
  kind: 'integer',
  default: bounds.min ?? 0,
  text,
  required: true,
  ...bounds,
})

/** A duration, in milliseconds inside; written as '250ms', '10s', '5m', '1h', '7d'. A bare number is seconds. */
export const duration = (
  valueMs: number,
  text: string,
  bounds: Bounds = {},
): SettingRow<number, 'durationMs'> => ({
  kind: 'durationMs',
  default: valueMs,
  text,
  ...bounds,
})

/** A duration that may be absent: absent leaves it to what the response itself says. */
export const optionalDuration = (
  text: string,
  bounds: Bounds = {},
): SettingRow<number | undefined, 'durationMs'> => ({
  kind: 'durationMs',
  default: undefined,
  text,
  ...bounds,
})

/** A text with a default. */
export const plainText = (value: string, text: string): SettingRow<string, 'text'> => ({
  kind: 'text',
  default: value,
  text,
})

export const optionalText = (text: string): SettingRow<string | undefined, 'text'> => ({
  kind: 'text',
  default: undefined,
  text,
})

/** A text that has to be set. */
export const requiredText = (text: string): SettingRow<string, 'text'> => ({
  kind: 'text',
  default: '',
  text,
  required: true,
})

/** One text or several. */
export const texts = (value: readonly string[], text: string): SettingRow<readonly string[], 'texts'> => ({
  kind: 'texts',
  default: value,
  text,
})

/** Addresses and CIDR ranges, or the words `loopback` and `private`. */
export const cidrs = (value: readonly string[], text: string): SettingRow<readonly string[], 'cidrs'> => ({
  kind: 'cidrs',
  default: value,
  text,
})

/** One of several words. */
export const choice = <const V extends string>(
  value: NoInfer<V>,
  values: readonly V[],
  text: string,
): SettingRow<V, 'choice'> => ({ kind: 'choice', default: value, values, text })

/** One of several words, or none of them. */
export const optionalChoice = <const V extends string>(
  values: readonly V[],
  text: string,
): SettingRow<V | undefined, 'choice'> => ({ kind: 'choice', default: undefined, values, text })

/** The defaults of a table of rows. */
export function defaultsOf<R extends SettingRows>(rows: R): SettingsOf<R> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.default])) as SettingsOf<R>
}
