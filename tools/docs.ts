// Writes the parts of the manual that are made from the code: `npm run docs`. docs.test.ts holds them equal.
import { join } from 'node:path'
import { reasons } from '../src/base/reason.ts'
import { logMembers } from '../src/logs/members.ts'
import { settingsMarkdown, settingsPage } from './settings-page.ts'

/** A document of which a part is made from the code, between two marks. */
export interface GeneratedPart {
  readonly path: string
  readonly mark: string
  make(): string
}

export const generatedParts: readonly GeneratedPart[] = [
  { path: 'docs/manual/cache-status.md', mark: 'reasons', make: reasonTable },
  { path: 'docs/manual/logs.md', mark: 'log-members', make: logMembersTable },
]

/** The closed list of reasons as a table. */
export function reasonTable(): string {
  const rows = Object.entries(reasons).map(([reason, text]) => `| \`${reason}\` | ${text} |`)
  return ['| reason | what it means |', '|---|---|', ...rows].join('\n')
}

/** The members of a line of the access log as a table. */
export function logMembersTable(): string {
  const rows = Object.entries(logMembers).map(([name, text]) => `| \`${name}\` | ${text} |`)
  return ['| member | what it tells |', '|---|---|', ...rows].join('\n')
}

/** The document with its part made anew. */
export function withPart(text: string, { path, mark, make }: GeneratedPart): string {
  const [start, end] = [`<!-- ${mark}:start -->`, `<!-- ${mark}:end -->`]
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${path} has no ${start} … ${end}`)
  return `${text.slice(0, from + start.length)}\n\n${make()}\n\n${text.slice(to)}`
}

if (import.meta.main) {
  await Bun.write(join(import.meta.dir, '..', settingsPage), settingsMarkdown())
  for (const part of generatedParts) {
    const path = join(import.meta.dir, '..', part.path)
    await Bun.write(path, withPart(await Bun.file(path).text(), part))
  }
}
