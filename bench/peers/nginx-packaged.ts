// nginx as Debian packages it: its own nginx.conf, taken from where it is installed, with only the paths moved to the
// temporary folder and a site that caches, as the manual's shortest example has it. Its access log stays on.
//
// `worker_processes auto` gives one worker on the machine of one core that is modelled here; nginx would count both
// cores although it is pinned to one, so the number is written out.
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'

const installed = '/etc/nginx/nginx.conf'

/** The packaged configuration with its paths moved to `folder` and one site, whose lines are put into a file there. */
export async function packagedConfiguration(folder: string, siteLines: string): Promise<string> {
  const packaged = await Bun.file(installed).text()
  const site = join(folder, 'site.conf')
  const moved = packaged
    .replace(/worker_processes auto;/, 'worker_processes 1;')
    .replaceAll('/run/nginx.pid', join(folder, 'nginx.pid'))
    .replaceAll('/var/log/nginx/', `${folder}/`)
    .replace(/include \/etc\/nginx\/sites-enabled\/\*;/, `include ${site};`)
  if (!moved.includes(site)) throw new Error(`${installed} is not the packaged one`)
  await Bun.write(site, siteLines)
  return moved
}

export const nginxPackaged: Peer = {
  name: 'nginx, as packaged',
  program: 'nginx',
  version: () => versionFrom('nginx', '-v'),
  async prepare({ folder, port, originPort }) {
    const site = `proxy_cache_path ${folder}/cache levels=1:2 keys_zone=site:10m max_size=1g;
proxy_temp_path ${folder}/proxy;
client_body_temp_path ${folder}/body;
server {
  listen 127.0.0.1:${port};
  location / {
    proxy_pass http://127.0.0.1:${originPort};
    proxy_cache site;
  }
}
`
    await Bun.write(join(folder, 'nginx.conf'), await packagedConfiguration(folder, site))
    return ['nginx', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']
  },
}
