// The manual's page of all settings, made from their rows, so that it can neither miss a setting nor tell another
// default than the program's. `docs.ts` writes it.
import type { SettingRow } from '../src/base/setting.ts'
import { bounds } from '../src/config/read.ts'
import { sections, type Section } from '../src/config/sections.ts'
import { formatBytes, formatDuration } from '../src/config/units.ts'

export const settingsPage = 'docs/manual/settings.md'

const introduction = `# Settings

<!-- Generated from the settings rows: npm run docs -->

The configuration is \`myriad.config.ts\`, \`.json\` or \`.yaml\` in the folder where Myriad is started, or the file that
\`--config\` names. All three have the same shape:

\`\`\`ts
import { defineConfig, http } from 'myriad'

export default defineConfig({
  listen: 'http://0.0.0.0:80',
  services: {
    site: { origin: http('http://127.0.0.1:9000') },
    api: { origin: http('http://127.0.0.1:9001', { firstByteTime: '10s' }) },
  },
  routes: [
    { path: '/api/*', service: 'api', cache: { ttl: '5s', stale: '1m' } },
    { path: '/admin/*', service: 'site', cache: { bypass: { path: '/admin/*' } } },
    { path: '/*', service: 'site' },
  ],
  tiers: { memory: '256MB' },
})
\`\`\`

Durations are written as \`'250ms'\`, \`'10s'\`, \`'5m'\`, \`'1h'\` or \`'7d'\`, or as a number of seconds; sizes as \`'512B'\`,
\`'8KB'\`, \`'128MB'\` or \`'1GB'\` (powers of 1024), or as a number of bytes. Relative paths start at the configuration's
folder. \`myriad check\` shows all that is wrong with a configuration at once, and \`myriad check --explain URL\` what would
happen to a request.
`

/** The page of the settings, in Markdown. */
export function settingsMarkdown(): string {
  return [introduction, ...sections.map(sectionMarkdown)].join('\n')
}

function sectionMarkdown({ path, text, rows }: Section): string {
  const table = Object.entries(rows).map(([name, row]) => [
    `\`${name}\``,
    defaultText(row),
    accepts(row),
    quotesAsCode(row.text),
  ])
  const title = path === '' ? 'The site' : `\`${path}\``
  return [`## ${title}`, '', text, '', ...padded(['setting', 'default', 'accepts', ''], table), ''].join('\n')
}

/** What may be written, in a few words. */
function accepts(row: SettingRow<unknown>): string {
  switch (row.kind) {
    case 'boolean':
      return '`true`, `false`'
    case 'integer':
      return `number${bounds(row, String)}`
    case 'bytes':
      return `size${bounds(row, formatBytes)}`
    case 'durationMs':
      return `duration${bounds(row, formatDuration)}`
    case 'text':
      return 'text'
    case 'texts':
      return 'text or list'
    case 'cidrs':
      return 'address or list'
    case 'choice':
      return (row.values ?? []).map((word) => `\`${word}\``).join(', ')
  }
}

/** Words in single quotes, as the help and the errors have them, are code here. */
function quotesAsCode(text: string): string {
  return text.replaceAll(/(?<=^|[\s(])'([^'`]+)'(?=$|[\s,.:;)])/g, '`$1`')
}

function defaultText(row: SettingRow<unknown>): string {
  if (row.required) return 'needed'
  const value = row.default
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '–'
  if (Array.isArray(value)) return `\`${value.join(', ')}\``
  if (row.kind === 'bytes') return `\`${formatBytes(Number(value))}\``
  if (row.kind === 'durationMs') return `\`${formatDuration(Number(value))}\``
  return `\`${String(value)}\``
}

/** A Markdown table whose columns are as wide as their widest cell, as the formatter has them. */
function padded(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`
  return [
    line(head, ' '),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row, ' ')),
  ]
}
