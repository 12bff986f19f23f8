// A preset: settings for an application that many people run, as rows that an owner could write as well. Each row says why.
// A preset gives defaults for the origin of a service and for `cache` on its routes; what is written wins, and lists are
// added to, so that nobody loses a bypass by naming another.
import { optionalChoice } from '../../base/setting.ts'

/** The names, as they are written in a configuration. */
const presetNames = ['wordpress', 'mediawiki', 'drupal', 'dokuwiki', 'laravel', 'symfony'] as const

export const presetRows = {
  preset: optionalChoice(
    presetNames,
    'Settings for a well-known application, laid under those of its origin and of the routes to it: what is written there wins, and lists are added to.',
  ),
}

/** A setting with its value and the reason for it. */
export interface PresetRow<S extends string = string> {
  /** Its place within `origin` or `cache`: 'ttl', 'bypass.cookie'. */
  readonly setting: S
  readonly value: string | boolean | readonly string[]
  readonly why: string
}

/** The settings of a route's cache that presets use. */
export type CacheRow = PresetRow<'ttl' | 'ignore' | 'cookies.ignore' | 'bypass.cookie' | 'bypass.path'>

/** The settings of a folder that presets use, `noExec` where scripts are executed; paths in `linkTargets` start at it. */
export type OriginRow = PresetRow<'deny' | 'noExec' | 'linkTargets'>

/** What is known of an application. */
export interface Preset {
  /** As it is written in a configuration. */
  readonly name: (typeof presetNames)[number]
  /** As its makers call it. */
  readonly title: string
  /** Files that tell it, relative to the application's folder: all of any list. */
  readonly signs: readonly (readonly string[])[]
  readonly origin: readonly OriginRow[]
  readonly cache: readonly CacheRow[]
}

/** Its rows as they would be written, each with its reason. */
export function presetTexts({ origin, cache }: Preset): readonly string[] {
  return [...origin.map((row) => rowText('origin', row)), ...cache.map((row) => rowText('cache', row))]
}

function rowText(section: 'origin' | 'cache', { setting, value, why }: PresetRow): string {
  const written = typeof value === 'object' ? `[${value.map(quoted).join(', ')}]` : quoted(value)
  return `${section}.${setting}: ${written} – ${why}`
}

const quoted = (value: string | boolean): string => (typeof value === 'string' ? `'${value}'` : String(value))
