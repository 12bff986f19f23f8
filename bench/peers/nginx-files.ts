// nginx as someone who knows it serves a folder with it: sendfile, open files kept open, no access log. In the same two
// forms as the cache (nginx-tuned.ts): `tcp_nopush` costs it much over the loopback interface.
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'
import { tunedHead } from './nginx-tuned-head.ts'

/** nginx on the folder `site`. */
export function nginxFiles(site: string, tcpNopush: 'on' | 'off'): Peer {
  return {
    name: tcpNopush === 'on' ? 'nginx, sendfile' : 'nginx, sendfile, without tcp_nopush',
    program: 'nginx',
    version: () => versionFrom('nginx', '-v'),
    async prepare({ folder, port }) {
      await Bun.write(
        join(folder, 'nginx.conf'),
        `${tunedHead(folder, tcpNopush)}  open_file_cache max=15000 inactive=300s;
  open_file_cache_valid 300s;
  types { image/jpeg jpg; }
  server {
    listen 127.0.0.1:${port} backlog=16384;
    root ${site};
  }
}
`,
      )
      return ['nginx', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']
    },
  }
}
