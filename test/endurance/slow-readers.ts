// A thousand clients that take a page of 10 MB at a trickle (crowds/slow-readers.ts), once stored and once too large to be.
// They are slower than anybody, but not slower than is allowed: none may be sent away.
import { bear, type CrowdCase } from './crowds/crowded.ts'
import type { Trial } from './trial.ts'

const readers = 1_000
const path = '/large/10000000'

const ofReaders = (subject: string, memoryObject: string): CrowdCase => ({
  subject,
  kind: 'slow-readers',
  count: readers,
  path,
  overTls: false,
  config: { tiers: { memory: '64MB', memoryObject, guard: '300MB' } },
  crowd: ({ open, ended, readBytes }) => [
    { subject: 'in the crowd', unit: 'connections', value: open, bar: { is: 'at least', value: readers } },
    { subject: 'sent away', unit: 'connections', value: ended, bar: { is: 'at most', value: 0 } },
    { subject: 'read by the crowd', unit: 'MB', value: readBytes / 1e6 },
  ],
})

export const slowReaders: Trial = {
  name: 'slow-readers',
  sentence: '1,000 readers of a page of 10 MB at a trickle, while visitors ask',
  times: 3,
  async run(bench, times) {
    const stored = await bear(bench, times, ofReaders('stored page', '16MB'))
    const passed = await bear(bench, times, ofReaders('page that is not stored', '8MB'))
    return { findings: [...stored.findings, ...passed.findings], failures: [] }
  },
}
