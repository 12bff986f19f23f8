// What there is to tell about certificates, as lines for a terminal.
import type { CertificateFacts } from '../edge/acme/certificates.ts'

const DAY_MS = 86_400_000

/** A line for each name: who issued what it has, for how long, when the next is due, and what went wrong last. */
export function certificateLines(facts: readonly CertificateFacts[], nowMs: number): readonly string[] {
  const width = Math.max(0, ...facts.map(({ name }) => name.length))
  return facts.map(
    (each) => `  ${each.name.padEnd(width)}  ${[held(each, nowMs), ...trouble(each, nowMs)].join('; ')}`,
  )
}

function held({ held: certificate, orderAtMs }: CertificateFacts, nowMs: number): string {
  if (certificate === undefined) return 'none yet'
  const { issuer, notAfterMs } = certificate
  const left =
    notAfterMs > nowMs ? `${span(notAfterMs - nowMs)} left` : `ended ${span(nowMs - notAfterMs)} ago`
  return `from ${issuer}, ${left}, ${orderAtMs > nowMs ? `renewed in ${span(orderAtMs - nowMs)}` : 'to be renewed now'}`
}

function trouble({ lastTrouble, orderAtMs }: CertificateFacts, nowMs: number): readonly string[] {
  if (lastTrouble === undefined) return []
  const next = orderAtMs > nowMs ? `, next attempt in ${span(orderAtMs - nowMs)}` : ''
  return [`failed ${span(nowMs - lastTrouble.atMs)} ago${next}: ${lastTrouble.text}`]
}

/** '89 days', '5 hours', '3 min'. */
function span(ms: number): string {
  const [amount, unit] =
    ms >= 2 * DAY_MS
      ? [ms / DAY_MS, 'days']
      : ms >= 7_200_000
        ? [ms / 3_600_000, 'hours']
        : [ms / 60_000, 'min']
  return `${Math.max(0, Math.floor(amount))} ${unit}`
}
