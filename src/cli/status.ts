// `myriad status`: the funnel of a Myriad that runs on this machine, under this user.
import { statusOf } from '../admin/client.ts'
import type { Status } from '../admin/status.ts'
import { reasons } from '../base/reason.ts'
import { connectionRefusals } from '../base/record.ts'
import { formatBytes } from '../config/units.ts'
import type { Command, ExitCode, World } from './command.ts'
import {
  funnelLine,
  funnelLines,
  reasonTotals,
  redraw,
  type FunnelView,
  type Terminal,
} from './funnel-view.ts'
import { processRows } from './process-rows.ts'
import { findRunning, pidFlag, tellSeveral, type ChosenOne } from './running.ts'

export const status: Command = {
  name: 'status',
  operands: '',
  operandsMax: 0,
  summary: 'Show how many requests ran no application code, and why the others did.',
  text: `Asks the Myriad that runs on this machine under this user, or as its service; where several run, lists them. Of each
process that serves: how long it has run, its connections and requests, how often it had to be started again, and what it
has stored.`,
  flags: [
    pidFlag,
    { name: 'json', value: undefined, text: 'Print everything as JSON.' },
    { name: 'watch', value: undefined, text: 'Show it anew every second, until Ctrl-C.' },
  ],
  async run(given, world) {
    if (given.has('json') && given.has('watch')) {
      world.err('myriad: --json and --watch exclude one another\n')
      return 2
    }
    const chosen = await findRunning(given, world)
    if (chosen.kind === 'none') return chosen.code
    if (given.has('json')) {
      world.out(`${JSON.stringify(chosen.kind === 'one' ? chosen.status : chosen.all, null, 2)}\n`)
      return 0
    }
    if (chosen.kind === 'several') {
      tellSeveral(chosen.all, world)
      return 1
    }
    if (given.has('watch')) return await watch(chosen, world)
    const rows = statusLines(chosen.status, terminalOf(world))
    world.out(rows.map((row) => `${row}\n`).join(''))
    return 0
  },
}

/** Redrawn in place on a terminal, one line each second elsewhere. */
async function watch({ folder, status: first }: ChosenOne, world: World): Promise<ExitCode> {
  let rowsBefore = 0
  for (let found: Status | undefined = first; found !== undefined;) {
    const view = viewOf(found)
    const rows = statusLines(found, terminalOf(world))
    const text = world.columns === undefined ? `${funnelLine(view)}\n` : redraw(rowsBefore, rows)
    if (!world.out(text)) return 0
    rowsBefore = rows.length
    await new Promise<void>((resolve) => world.timers.after(1000, resolve))
    found = await statusOf(folder, first.pid, world.timers)
  }
  world.err(`myriad: process ${first.pid} has ended\n`)
  return 1
}

function viewOf(found: Status): FunnelView {
  const title = `Myriad ${found.version}, process ${found.pid}, ${found.addresses.join(', ')}`
  return { snapshot: found.funnel, title, runningMs: found.runningMs }
}

function terminalOf(world: World): Terminal {
  return { columns: world.columns ?? 120, colour: world.columns !== undefined && !process.env['NO_COLOR'] }
}

const reasonsShown = 12

/** A status as rows of text. */
function statusLines(found: Status, terminal: Terminal): string[] {
  const { funnel, memory } = found
  const share = memory.budgetBytes === 0 ? 0 : (100 * memory.usedBytes) / memory.budgetBytes
  const used = `${megabytes(memory.usedBytes)} of ${formatBytes(memory.budgetBytes)} (${share.toFixed(0)}%)`
  const refused = connectionRefusals
    .filter((why) => funnel.refusedConnections[why] > 0)
    .map((why) => `${why} ${funnel.refusedConnections[why].toLocaleString('en')}`)
  const ranked = reasonTotals(funnel).slice(0, reasonsShown)
  const rows = [
    '',
    `  memory tier: ${memory.objects.toLocaleString('en')} responses, ${used}`,
    ...(refused.length === 0 ? [] : [`  connections closed unread: ${refused.join(', ')}`]),
    '',
    ...processRows(found.processes).map((row) => `  ${row}`),
    ...(ranked.length === 0 ? [] : ['', '  why:']),
    ...ranked.map(
      ([reason, requests]) =>
        `  ${requests.toLocaleString('en').padStart(12)}  ${reason}: ${reasons[reason]}`,
    ),
  ]
  return [...funnelLines(viewOf(found), terminal), ...rows.map((row) => row.slice(0, terminal.columns))]
}

function megabytes(size: number): string {
  return `${(size / 2 ** 20).toFixed(1)}MB`
}
