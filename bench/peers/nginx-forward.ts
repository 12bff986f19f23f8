// nginx as a plain reverse proxy, without a cache: connections to the origin kept, no access log. What a miss is
// measured against.
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'

export const nginxForward: Peer = {
  name: 'nginx, proxy_pass with keep-alive',
  program: 'nginx',
  version: () => versionFrom('nginx', '-v'),
  async prepare({ folder, port, originPort }) {
    await Bun.write(
      join(folder, 'nginx.conf'),
      `worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {
  worker_connections 4096;
  multi_accept on;
}
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 512;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffers 8 16k;
      proxy_buffer_size 16k;
    }
  }
}
`,
    )
    return ['nginx', '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']
  },
}
