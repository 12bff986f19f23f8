// HAProxy with its cache and one thread. One line stands here for the measurement's sake: Content-Length is taken out of
// 304s, where HTTP allows it but wrk then waits for a body (wrk.ts).
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'

export const haproxy: Peer = {
  name: 'HAProxy',
  program: 'haproxy',
  version: () => versionFrom('haproxy', '-v'),
  async prepare({ folder, port, originPort }) {
    const configuration = join(folder, 'haproxy.cfg')
    await Bun.write(
      configuration,
      `global
  nbthread 1

defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s

cache site
  total-max-size 256
  max-object-size 2097152
  max-age 3600
  process-vary on
  max-secondary-entries 10

frontend visitors
  bind 127.0.0.1:${port} backlog 4096
  http-request cache-use site
  http-response cache-store site
  http-after-response del-header content-length if { status 304 }
  default_backend origin

backend origin
  http-reuse always
  server origin 127.0.0.1:${originPort}
`,
    )
    return ['haproxy', '-db', '-f', configuration]
  },
}
