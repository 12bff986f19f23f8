// nginx as someone who knows it runs it as a cache: open files kept open, no access log, connections to the origin
// kept, simultaneous misses collapsed, large bodies streamed instead of being written to disk, one coding for all who
// accept gzip.
//
// In two forms, because `tcp_nopush` does harm over the loopback interface, whose segments are 64 KB: a page of 100 KB
// then takes 43 ms instead of 4, as long as a delayed acknowledgement, and costs nginx nearly twice the CPU time. Pages
// of 8 KB, which fit into one segment, are not touched by it.
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'
import { tunedHead } from './nginx-tuned-head.ts'
import { writeCertificate } from './shown-certificate.ts'

export const nginxTuned = tuned('nginx, tuned', 'on')

/** Without `tcp_nopush`. */
export const nginxTunedUncorked = tuned('nginx, tuned, without tcp_nopush', 'off')

/** With TLS, HTTP/1.1 and HTTP/2. */
export const nginxTunedTls = tuned('nginx, tuned, TLS', 'on', 'https')

function tuned(name: string, tcpNopush: 'on' | 'off', scheme?: 'https'): Peer {
  return {
    name,
    program: 'nginx',
    ...(scheme === undefined ? {} : { scheme }),
    version: () => versionFrom('nginx', '-v'),
    async prepare({ folder, port, originPort }) {
      const shown = scheme === undefined ? undefined : writeCertificate(folder)
      const tls =
        shown === undefined
          ? ''
          : `ssl_certificate ${shown.cert};
    ssl_certificate_key ${shown.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    `
      await Bun.write(
        join(folder, 'nginx.conf'),
        `${tunedHead(folder, tcpNopush)}  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  open_file_cache max=15000 inactive=300s;
  open_file_cache_valid 300s;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=site:32m max_size=1g inactive=60m use_temp_path=off;
  map $http_accept_encoding $coding {
    default "";
    ~gzip gzip;
  }
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} ${shown === undefined ? '' : 'ssl http2 '}backlog=16384;
    ${tls}location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Accept-Encoding $coding;
      proxy_request_buffering off;
      proxy_cache site;
      proxy_cache_lock on;
    }
  }
}
`,
      )
      return ['nginx', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']
    },
  }
}
