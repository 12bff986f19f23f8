// PHP behind FastCGI: the least that a script can do, without a cache, against nginx that keeps its connections to
// php-fpm; pages of 8 KB out of the cache, for visitors as they are, against nginx's FastCGI cache; and what an upload of
// 1 GB to a script takes of memory.
import { crcOfPattern, largeBytes, uploadLarge } from './bodies.ts'
import type { Bench, Comparison, Row } from './comparison.ts'
import { askForEveryPage, compareLoad } from './load.ts'
import { myriadPhp } from './peers/myriad-php.ts'
import { nginxFastCgiForward, nginxFastCgiPackaged, nginxFastCgiTuned } from './peers/nginx-fastcgi.ts'
import { missing, RunningPeer } from './peers/peer.ts'
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
    return [...uncached, ...cached, await uploadRow(bench, origin)]
  },
}

async function uploadRow(bench: Bench, origin: PhpProcess): Promise<Row> {
  const subject = '1 GB up to PHP: memory grows by'
  const target = `/upload.php?bytes=${largeBytes}&crc=${crcOfPattern(largeBytes)}`
  try {
    const grown: number[] = []
    // nginx as it is by itself writes the body to disk first.
    for (const peer of [myriadPhp(origin), nginxFastCgiForward(origin)]) {
      if (missing(peer) !== undefined) continue
      await using server = await RunningPeer.start(peer, 0)
      await askForEveryPage(server.port, { ...ordinaryCrowd, pages: 1000 })
      const before = server.process.rssBytes()
      server.process.forgetPeak()
      await uploadLarge(server.port, target)
      grown.push((server.process.peakRssBytes() - before) / 1e6)
      bench.progress(`${subject}: ${peer.name} ${grown.at(-1)!.toFixed(1)} MB`)
    }
    const [own, ...others] = grown
    const theirs = others.map((value) => ({ name: nginxFastCgiForward(origin).name, values: [value] }))
    return { kind: 'figure', subject, unit: 'MB', ours: [own!], theirs, bar: { is: 'at most', value: 64 } }
  } catch (error) {
    return { kind: 'failed', subject, against: '', reason: String(error) }
  }
}
