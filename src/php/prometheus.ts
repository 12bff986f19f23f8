// Metrics in the text format of Prometheus (exposition format 0.0.4), which OpenMetrics scrapers and the node exporter's
// textfile collector read too. Pure.
import type { Metric } from './metrics.ts'

/** The text, ending with a line break. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, type, help, samples }) => {
      const full = `myriad_php_${name}`
      const lines = samples.map(({ labels, value }) => {
        const pairs = labels.map(([label, text]) => `${label}="${escaped(text)}"`)
        return `${full}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
      })
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
