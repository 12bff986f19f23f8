// PHP behind FastCGI: the least that a script can do, without a cache, against nginx that keeps its connections to
// php-fpm; and pages of 8 KB out of the cache, for visitors as they are, against nginx's FastCGI cache.
import type { Comparison } from './comparison.ts'
import { compareLoad } from './load.ts'
import { myriadPhp } from './peers/myriad-php.ts'
import { nginxFastCgiForward, nginxFastCgiPackaged, nginxFastCgiTuned } from './peers/nginx-fastcgi.ts'
import { phpFpmProgram, PhpProcess, phpConnections } from './php-process.ts'
import { TemporaryFolder } from './temporary-folder.ts'
import { ordinaryCrowd } from './visitors.ts'

export const php: Comparison = {
  name: 'php',
  sentence: `PHP through FastCGI: a trivial script without a cache, ${phpConnections} connections; cached pages of 8 KB, 64 connections`,
  async run(bench) {
    if (Bun.which(phpFpmProgram) === null)
      return [{ kind: 'skipped', subject: 'php', against: '', reason: `${phpFpmProgram} is not installed` }]
    using folder = await TemporaryFolder.create()
    await using origin = await PhpProcess.start(folder.path)
    const site = { origin, ours: myriadPhp(origin) }
    const uncached = await compareLoad(bench, {
      subject: 'PHP, trivial script, uncached',
      crowd: { ...ordinaryCrowd, path: (n) => `/trivial.php?n=${n}`, revisits: 0 },
      connections: phpConnections,
      hits: 'none',
      peers: [{ peer: nginxFastCgiForward(origin), bar: { is: 'at least', value: 0.95 } }],
      site,
    })
    const cached = await compareLoad(bench, {
      subject: 'PHP, cached, 8 KB',
      crowd: ordinaryCrowd,
      connections: 64,
      hits: 'all',
      peers: [
        { peer: nginxFastCgiPackaged(origin), bar: { is: 'at least', value: 1.6 } },
        { peer: nginxFastCgiTuned(origin), bar: { is: 'at least', value: 1.25 } },
      ],
      site,
    })
    return [...uncached, ...cached]
  },
}
