// The processes that serve, as a table for a terminal: a row for each.
import type { ProcessStatus } from '../admin/status.ts'
import { span } from './funnel-view.ts'

const heads = ['pid', 'uptime', 'connections', 'requests', 'restarts', 'stored']

/** Rows of text, the first of which names the columns; `–` stands for what a process has not told yet. */
export function processRows(processes: readonly ProcessStatus[]): string[] {
  const table = [heads, ...processes.map(cells)]
  const widths = heads.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '))
}

function cells({ pid, runningMs, connections, requests, restarts, memory }: ProcessStatus): string[] {
  const stored = memory && `${(memory.usedBytes / 2 ** 20).toFixed(1)}MB`
  return [
    String(pid),
    span(runningMs),
    count(connections),
    count(requests),
    restarts.toLocaleString('en'),
    stored ?? '–',
  ]
}

const count = (n: number | undefined): string => n?.toLocaleString('en') ?? '–'
