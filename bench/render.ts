// Rows as text: a table for the terminal and one in Markdown, from the same cells. Pure.
import { figureOf, meetsBar, type FigureRow, type RatioRow, type Row } from './comparison.ts'
import { median, spread } from './statistics.ts'

/** The columns of every table. */
export const heads = [
  'measured',
  'against',
  'Myriad',
  'peer',
  'ratio (lowest to highest)',
  'bar',
  '',
] as const

/** A row's cells, one for each of `heads`. */
export function cellsOf(row: Row): string[] {
  switch (row.kind) {
    case 'ratio': {
      const { ratio } = row
      return [
        `${row.subject} (${row.unit})`,
        row.against,
        sideOf(row, 'ours'),
        sideOf(row, 'theirs'),
        `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
        row.bar ? `${row.bar.is} ${row.bar.value}` : '',
        verdict(row),
      ]
    }
    case 'figure':
      return [
        `${row.subject} (${row.unit})`,
        row.theirs.map(({ name }) => name).join('; '),
        valuesOf(row.ours),
        row.theirs.map(({ values }) => valuesOf(values)).join('; '),
        '',
        row.bar ? `${row.bar.is} ${row.bar.value}` : '',
        verdict(row),
      ]
    case 'skipped':
    case 'failed':
      return [row.subject, row.against, '', '', '', '', `${row.kind}: ${row.reason}`]
  }
}

/** A table in aligned columns. */
export function terminalTable(rows: readonly Row[]): string {
  const lines = [[...heads], ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A Markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  return [heads, heads.map(() => '---'), ...rows.map(cellsOf)].map(markdownLine).join('\n')
}

/** `text` with everything between the two marker lines replaced; throws when it has no such lines. */
export function betweenMarkers(text: string, begin: string, end: string, replacement: string): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`no ${begin} … ${end}`)
  return `${text.slice(0, from + begin.length)}\n${replacement}\n${text.slice(to)}`
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

function sideOf(row: RatioRow, side: 'ours' | 'theirs'): string {
  const middle = (name: string): number => median(row.pairs.map((pair) => figureOf(pair[side], name)))
  const main = numberOf(middle(row.figure))
  return row.beside === undefined ? main : `${main} (${numberOf(middle(row.beside))}/s)`
}

function valuesOf(values: readonly number[]): string {
  const { median: middle, min, max } = spread(values)
  return min === max ? numberOf(middle) : `${numberOf(middle)} (${numberOf(min)} to ${numberOf(max)})`
}

/** Three digits are as many as these figures are worth; whole numbers from 100 on. */
function numberOf(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function verdict(row: RatioRow | FigureRow): string {
  const met = meetsBar(row)
  if (met === undefined) return ''
  return met ? 'pass' : 'miss'
}
