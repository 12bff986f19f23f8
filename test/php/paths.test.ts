// Tricks with paths: Myriad executes nothing that nginx with a correct configuration would not, in front of the same
// php-fpm and the same folder.
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Child, startChild, untilListening } from '../../testing/child.ts'
import { freePort } from '../../testing/free-port.ts'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { hasPhpFpm, type PhpFpm, startPhpFpm } from '../../testing/php-fpm.ts'
import { RawClient } from '../../testing/raw-client.ts'

const nginx = '/usr/sbin/nginx'
const isReady = hasPhpFpm && existsSync(nginx)

/** What was executed, if anything. */
const script = `<?php header('X-Ran: ' . basename($_SERVER['SCRIPT_FILENAME'])); header('X-Name: ' . $_SERVER['SCRIPT_NAME']); header('X-Info: ' . rawurlencode($_SERVER['PATH_INFO'] ?? ''));`

const names = [
  'index.php',
  'app/tool.php',
  'uploads/evil.php',
  '.hidden.php',
  '.git/hook.php',
  'a b.php',
  'folder.php/index.php',
]

const paths = String.raw`
  / /index.php /app/tool.php /app/tool.php?x=/evil.php /a%20b.php /nothing /nothing/here /a.jpg
  /index.php/ /index.php/x /index.php/x.php /index.php/a%2Fb /app/tool.php/../../uploads/evil.php
  /a.jpg/x.php /a.jpg/index.php /a.jpg%2Fx.php /a.jpg%00.php /a.jpg%00/x.php /a.jpg\x.php /a.jpg;x.php
  /a.jpg?x.php /uploads/evil.php /uploads/evil.php/x /uploads//evil.php /uploads/./evil.php
  /x/../uploads/evil.php /%75ploads/evil.php /uploads%2Fevil.php /pictures/evil.php /Uploads/evil.php
  /uploads/evil.PHP /index.PHP /Index.php /index.php. /index.php%20 /index.php%0A /index.php%0a/x
  /index.php%2F /index%2ephp /index.ph%70 /index.php::$DATA /index.php~ /.hidden.php /%2ehidden.php
  /.git/hook.php /.git/hook.php/x /%2Egit%2fhook.php /..%2Fsecret.php /%2e%2e/secret.php
  /../secret.php /app/..%5C..%5Csecret.php /app/%2e%2e/%2e%2e/secret.php //secret.php /outside.php
  /outside/secret.php /folder.php /folder.php/ /folder.php/x /nothing.php /nothing.php/x
  /nothing/x.php /page /picture.php
`
  .trim()
  .split(/\s+/)

/** What ran for a path; 'nothing' when something else was the answer. */
async function ran(at: number, path: string): Promise<{ what: string; text: string }> {
  const client = await RawClient.connect(at)
  try {
    await client.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    const answer = await client.response()
    const name = answer.field('x-ran')
    const what =
      name === undefined ? 'nothing' : `${name} as ${answer.field('x-name')} with ${answer.field('x-info')}`
    return { what, text: answer.text() }
  } finally {
    client.destroy()
  }
}

describe.skipIf(!isReady)('a path', () => {
  let fpm: PhpFpm
  let myriad: Myriad
  let other: Child
  let folder: string
  let port: number

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'myriad-nginx-'))
    fpm = await startPhpFpm({
      files: { ...Object.fromEntries(names.map((name) => [name, script])), 'a.jpg': script },
    })
    writeFileSync(join(fpm.root, '../secret.php'), script)
    symlinkSync('../secret.php', join(fpm.root, 'outside.php'))
    symlinkSync('..', join(fpm.root, 'outside'))
    symlinkSync('uploads', join(fpm.root, 'pictures'))
    symlinkSync('index.php', join(fpm.root, 'page'))
    symlinkSync('a.jpg', join(fpm.root, 'picture.php'))
    myriad = await startMyriad('', {
      services: { site: { origin: { php: fpm.root, socket: fpm.socket, noExec: ['/uploads'] } } },
    })
    port = await freePort()
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root;' : ''}
       daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
       events { worker_connections 1024; }
       http {
         ${temporary.join(' ')} access_log off;
         server {
           listen 127.0.0.1:${port};
           root ${fpm.root};
           disable_symlinks if_not_owner from=${fpm.root};
           index index.php;
           location / { try_files $uri $uri/ /index.php$is_args$args; }
           location ~ /\\. { deny all; }
           location ^~ /uploads/ { location ~ \\.php { deny all; } }
           location ~ [^/]\\.php(/|$) {
             fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
             set $info $fastcgi_path_info;
             try_files $fastcgi_script_name =404;
             include /etc/nginx/fastcgi_params;
             fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
             fastcgi_param PATH_INFO $info;
             fastcgi_pass unix:${fpm.socket};
           }
         }
       }`,
    )
    other = startChild([nginx, '-p', folder, '-c', join(folder, 'nginx.conf')])
    await untilListening(port, other)
  })

  afterAll(async () => {
    await myriad?.stop()
    await other?.stop()
    await fpm?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(paths)('%s', async (path) => {
    const ours = await ran(myriad.port, path)
    const theirs = await ran(port, path)
    if (ours.what !== 'nothing') expect(ours.what).toBe(theirs.what)
    // Nor is what a script says shown; a picture is what it is.
    if (!path.startsWith('/a.jpg')) expect(ours.text).not.toContain('<?php')
  })

  test('and what is right is executed', async () => {
    for (const [path, what] of [
      ['/', 'index.php as /index.php with '],
      ['/nothing/here', 'index.php as /index.php with '],
      ['/app/tool.php', 'tool.php as /app/tool.php with '],
      ['/index.php/x', 'index.php as /index.php with %2Fx'],
      ['/index.php/a%2Fb', 'index.php as /index.php with %2Fa%2Fb'],
      ['/a%20b.php', 'a b.php as /a b.php with '],
      ['/index.ph%70', 'index.php as /index.php with '],
    ] as const)
      expect([path, (await ran(myriad.port, path)).what]).toEqual([path, what])
  })
})
