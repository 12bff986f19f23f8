// What every origin must do, by a folder of PHP scripts in front of a real php-fpm, over a unix socket and over TCP.
import { test } from 'bun:test'
import { freePort } from '../../testing/free-port.ts'
import { hasPhpFpm, startPhpFpm } from '../../testing/php-fpm.ts'
import { phpSite } from '../../testing/php-site.ts'
import type { FastCgiAddress } from '../../src/origin/fastcgi/settings.ts'
import { LARGE_BYTES, originContract, type RunningApplication } from '../../src/origin/origin-contract.ts'

const application = `<?php
switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
  case '/hello': header('X-One: 1'); header('Content-Length: 5'); echo 'hello'; break;
  case '/empty': http_response_code(204); break;
  case '/echo': fpassthru(fopen('php://input', 'rb')); break;
  case '/large': for ($i = 0; $i < 64; $i++) echo str_repeat('x', ${LARGE_BYTES} / 64); break;
  case '/hang': while (true) sleep(1);
  case '/half': header('Content-Length: 10'); echo 'half'; flush(); posix_kill(getmypid(), 9);
}
`

async function run(listen: 'unix' | 'tcp'): Promise<RunningApplication> {
  const port = listen === 'tcp' ? await freePort() : 0
  const fpm = await startPhpFpm({
    files: { 'index.php': application },
    pool: ['pm = static', 'pm.max_children = 12'],
    ...(listen === 'tcp' ? { listen: `127.0.0.1:${port}` } : {}),
  })
  const address: FastCgiAddress =
    listen === 'tcp' ? { kind: 'tcp', hostname: '127.0.0.1', port } : { kind: 'unix', path: fpm.socket }
  const { origin } = phpSite({ root: fpm.root, address })
  return {
    origin,
    async stop() {
      origin.close()
      await fpm.stop()
    },
  }
}

if (hasPhpFpm) {
  originContract('PHP behind a unix socket', () => run('unix'))
  originContract('PHP behind TCP', () => run('tcp'))
} else test.skip('PHP as an origin: php-fpm is not installed', () => undefined)
