// Varnish with memory storage, one pool of threads for one core, and analytics cookies removed in VCL, as its users
// have to do before it caches for browsers at all. Its shared-memory log stays on, as it is by default. Responses that
// the origin did not compress are stored compressed.
import { join } from 'node:path'
import { versionFrom, type Peer } from './peer.ts'

export const varnish: Peer = {
  name: 'Varnish',
  program: 'varnishd',
  version: () => versionFrom('varnishd', '-V'),
  async prepare({ folder, port, originPort }) {
    const vcl = join(folder, 'site.vcl')
    await Bun.write(
      vcl,
      `vcl 4.1;

backend origin {
  .host = "127.0.0.1";
  .port = "${originPort}";
}

sub vcl_recv {
  if (req.http.Cookie) {
    set req.http.Cookie = regsuball(req.http.Cookie, "(^|;\\s*)(_ga[^=]*|_gid|_gat|_fbp|_pk_[^=]*|__utm[a-z]+)=[^;]*", "");
    set req.http.Cookie = regsub(req.http.Cookie, "^;\\s*", "");
    if (req.http.Cookie == "") {
      unset req.http.Cookie;
    }
  }
}
`,
    )
    const parameters = ['thread_pools=1', 'thread_pool_min=100', 'thread_pool_max=1000']
    const listen = ['-F', '-n', join(folder, 'varnish'), '-a', `127.0.0.1:${port}`]
    const storage = ['-f', vcl, '-s', 'malloc,256m']
    return ['varnishd', ...listen, ...storage, ...parameters.flatMap((parameter) => ['-p', parameter])]
  },
}
