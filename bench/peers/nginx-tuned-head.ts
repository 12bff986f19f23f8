// How an nginx that is compared begins its configuration, as someone who knows it runs it: one worker, many connections, no
// access log. What it does follows within `http { … }`, which the caller closes.

/** Up to and with what all of them set in `http`; `folder` is nginx's own. */
export function tunedHead(folder: string, tcpNopush: 'on' | 'off' = 'on'): string {
  return `worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {
  worker_connections 19000;
  multi_accept on;
}
http {
  access_log off;
  sendfile on;
  tcp_nopush ${tcpNopush};
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 100000000;
`
}
