// Ten thousand clients whose request heads never end (crowds/slow-heads.ts), with the limits that there are by default.
import { bear } from './crowds/crowded.ts'
import type { Trial } from './trial.ts'

const clients = 10_000

export const slowloris: Trial = {
  name: 'slowloris',
  sentence: '10,000 connections whose heads drip in, while visitors ask',
  times: 3,
  run: (bench, times) =>
    bear(bench, times, {
      subject: 'slow heads',
      kind: 'slow-heads',
      count: clients,
      path: '/large/8192',
      overTls: false,
      config: {},
      crowd: ({ open, ended }) => [
        {
          subject: 'in the crowd',
          unit: 'connections',
          value: open,
          bar: { is: 'at least', value: clients * 0.9 },
        },
        { subject: 'sent away', unit: 'connections', value: ended, bar: { is: 'at least', value: 1 } },
      ],
    }),
}
