// nginx in front of php-fpm, in three forms: forwarding with connections that are kept; with a FastCGI cache, as Debian
// packages it; and with one, as someone who knows it runs it. Files first, then the front controller, as everybody has it.
import { join } from 'node:path'
import { phpConnections } from '../php-process.ts'
import { packagedConfiguration } from './nginx-packaged.ts'
import { versionFrom, type Peer } from './peer.ts'
import { tunedHead } from './nginx-tuned-head.ts'

/** A site with PHP. */
interface Site {
  readonly root: string
  readonly socket: string
}

const nginx = { program: 'nginx', version: () => versionFrom('nginx', '-v') }

/** Without a cache: what a miss is measured against. */
export function nginxFastCgiForward(site: Site): Peer {
  return {
    ...nginx,
    name: 'nginx, fastcgi_pass with keep-alive',
    prepare: ({ folder, port }) =>
      started(
        folder,
        tuned(
          folder,
          upstreamOf(site),
          serverOf(site, port, 'fastcgi_pass php;\n      fastcgi_keep_conn on;'),
        ),
      ),
  }
}

/** With a cache, tuned. */
export function nginxFastCgiTuned(site: Site): Peer {
  return {
    ...nginx,
    name: 'nginx, fastcgi_cache, tuned',
    prepare({ folder, port }) {
      const cache = `fastcgi_pass php;
      fastcgi_keep_conn on;
      fastcgi_cache site;
      fastcgi_cache_key "$scheme$host$request_uri";
      fastcgi_cache_lock on;`
      const zone = `  fastcgi_cache_path ${folder}/cache levels=1:2 keys_zone=site:32m max_size=1g inactive=60m use_temp_path=off;
  open_file_cache max=15000 inactive=300s;
  open_file_cache_valid 300s;
`
      return started(folder, tuned(folder, zone + upstreamOf(site), serverOf(site, port, cache)))
    },
  }
}

/** With a cache, as packaged. */
export function nginxFastCgiPackaged(site: Site): Peer {
  return {
    ...nginx,
    name: 'nginx, fastcgi_cache, as packaged',
    async prepare({ folder, port }) {
      const cache = `fastcgi_pass unix:${site.socket};
      fastcgi_cache site;
      fastcgi_cache_key "$scheme$host$request_uri";`
      const paths = `fastcgi_cache_path ${folder}/cache levels=1:2 keys_zone=site:10m max_size=1g;
fastcgi_temp_path ${folder}/fastcgi;
client_body_temp_path ${folder}/body;
`
      return started(folder, await packagedConfiguration(folder, paths + serverOf(site, port, cache)))
    },
  }
}

async function started(folder: string, configuration: string): Promise<readonly string[]> {
  const file = join(folder, 'nginx.conf')
  await Bun.write(file, configuration)
  return ['nginx', '-c', file, '-g', 'daemon off;']
}

function upstreamOf({ socket }: Site): string {
  return `  upstream php {
    server unix:${socket};
    keepalive ${phpConnections};
  }
`
}

function serverOf({ root }: Site, port: number, pass: string): string {
  return `  server {
    listen 127.0.0.1:${port} backlog=16384;
    root ${root};
    location / { try_files $uri /index.php?$args; }
    location ~ \\.php$ {
      try_files $uri =404;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      ${pass}
    }
  }
`
}

function tuned(folder: string, before: string, server: string): string {
  return `${tunedHead(folder)}  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  fastcgi_temp_path ${folder}/fastcgi;
${before}${server}}
`
}
