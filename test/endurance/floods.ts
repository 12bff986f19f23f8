// Floods of HTTP/2 frames from some connections (crowds/floods.ts), while visitors ask over HTTP/2 and in clear text.
import { bear } from './crowds/crowded.ts'
import { floods as kinds } from './crowds/floods.ts'
import type { Finding, Trial } from './trial.ts'

const connections = 8

export const floods: Trial = {
  name: 'floods',
  sentence:
    'floods of HTTP/2 frames (resets, settings, pings, heads, empty data, windows), while visitors ask',
  times: 3,
  async run(bench, times) {
    const findings: Finding[] = []
    const failures: string[] = []
    for (const kind of Object.keys(kinds)) {
      try {
        const outcome = await bear(bench, times, {
          subject: kind,
          kind,
          count: connections,
          path: '/large/8192',
          overTls: true,
          config: {},
          crowd: ({ ended, sentBytes }) => [
            { subject: 'connections that were ended', unit: 'connections', value: ended },
            { subject: 'sent by the flood', unit: 'MB', value: sentBytes / 1e6 },
          ],
        })
        findings.push(...outcome.findings)
      } catch (error) {
        failures.push(`${kind}: ${String(error)}`)
      }
    }
    const bar = { is: 'at most', value: 0 } as const
    findings.push({
      subject: 'floods that could not be borne to the end',
      unit: 'floods',
      value: failures.length,
      bar,
    })
    return { findings, failures }
  },
}
