// Metrics as lines for `zabbix_sender -i -`: host, key and value, as its manual page describes them. The host is `-`: the
// one that the agent's configuration names. First come two low-level discovery values, so that a template can make its items by
// itself; each item's key has the metric's labels as its parameters. Pure.
import type { Metric } from './metrics.ts'
import type { Report } from './report.ts'

/** The lines. */
export function zabbixText(metrics: readonly Metric[], report: Report): string {
  const masters = report.masters.map(({ name }) => ({ '{#MASTER}': name }))
  const pools = report.masters.flatMap((master) =>
    master.pools.map(({ name }) => ({ '{#MASTER}': master.name, '{#POOL}': name })),
  )
  return [
    line('myriad.php.masters', JSON.stringify(masters)),
    line('myriad.php.pools', JSON.stringify(pools)),
    ...metrics.flatMap(({ name, samples }) =>
      samples.map(({ labels, value }) =>
        line(
          `myriad.php.${name.replaceAll('_', '.')}${parameters(labels.map(([, text]) => text))}`,
          String(value),
        ),
      ),
    ),
  ].join('')
}

function parameters(values: readonly string[]): string {
  return values.length === 0 ? '' : `[${values.map(parameter).join(',')}]`
}

/** A parameter of an item key is quoted where it would not be read as one: with `,`, `]`, or a first `"`, `[` or blank. */
function parameter(value: string): string {
  return /[,\]]|^["[ ]/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value
}

function line(key: string, value: string): string {
  return `- ${quoted(key)} ${quoted(value)}\n`
}

/** A part of a line is quoted where it has blanks or quotes in it. */
function quoted(part: string): string {
  if (!/[\s"\\]/.test(part) && part !== '') return part
  return `"${part.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
