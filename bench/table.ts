// Writes the README's table from bench/results/*.json, between its markers. A row that was skipped is left out.
//
// Usage: bun bench/table.ts
import { join } from 'node:path'
import { comparisons } from './comparisons.ts'
import { betweenMarkers, markdownTable } from './render.ts'
import { loadResults, type Result } from './results.ts'

const begin = '<!-- bench:start -->'
const end = '<!-- bench:end -->'

function conditions(results: readonly Result[]): string {
  const first = results[0]!
  const days = results.map((result) => result.date.slice(0, 10)).toSorted()
  const when = days[0] === days.at(-1) ? days[0] : `${days[0]} to ${days.at(-1)}`
  // Comparisons are run one by one, and may be of several states of the program: each is named.
  const versions = new Set(
    results.flatMap((result) =>
      Object.entries(result.versions).map(([name, version]) => `${name} ${version}`),
    ),
  )
  const { cpu, cores, kernel } = first.machine
  return `Measured ${when} on ${cores} cores (${cpu}), Linux ${kernel}, the server on one core, load and origin on the other: ${[...versions].toSorted().join(', ')}.`
}

const results = await loadResults(comparisons.map(({ name }) => name))
if (results.length === 0) throw new Error('no results yet: run `npm run bench` first')
const rows = results.flatMap((result) => result.rows).filter((row) => row.kind !== 'skipped')
const readme = join(import.meta.dir, '..', 'README.md')
const replaced = betweenMarkers(
  await Bun.file(readme).text(),
  begin,
  end,
  `\n${markdownTable(rows)}\n\n${conditions(results)}\n`,
)
await Bun.write(readme, replaced)
