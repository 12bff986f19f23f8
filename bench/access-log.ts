// What the access log costs: hits with the log on against the same without it, JSON lines to a file. Everything else of the
// two is the same.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { OriginProcess } from './origin-process.ts'
import { myriad } from './peers/myriad.ts'
import type { Peer } from './peers/peer.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd } from './visitors.ts'

export const accessLog: Comparison = {
  name: 'access-log',
  sentence: 'The main comparison with the access log on, against the same with it off',
  async run(bench) {
    using folder = await TemporaryFolder.create()
    await using origin = await OriginProcess.start(folder.path)
    return await compareLoad(bench, {
      subject: 'hits, 8 KB, access log on',
      crowd: ordinaryCrowd,
      connections: 64,
      hits: 'all',
      peers: [
        { peer: withLog(origin.port, 'Myriad without its log', 'off'), bar: { is: 'at least', value: 0.8 } },
      ],
      site: { origin, ours: withLog(origin.port, 'Myriad', 'access.log') },
    })
  },
}

/** The same server, with the log or without. */
function withLog(originPort: number, name: string, access: string): Peer {
  return {
    ...myriad,
    name,
    prepare({ folder, port }) {
      const config = join(folder, 'myriad.config.json')
      const services = { site: { origin: `http://127.0.0.1:${originPort}` } }
      writeFileSync(config, JSON.stringify({ services, tiers: { memory: '256MB' }, log: { access } }))
      const listen = `127.0.0.1:${port}`
      return Promise.resolve([myriad.program, 'serve', '--config', config, '--listen', listen])
    },
  }
}
