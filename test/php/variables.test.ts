// What a PHP script sees of a request, and what a client cannot make it see.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Answering, testGateway, type CallOptions } from '../../testing/origin-call.ts'
import { fieldsOf } from '../../testing/exchange.ts'
import { hasPhpFpm, startPhpFpm, type PhpFpm } from '../../testing/php-fpm.ts'
import { phpSite } from '../../testing/php-site.ts'

const show = `<?php
ksort($_SERVER);
header('Content-Type: application/json');
echo json_encode(['server' => $_SERVER, 'get' => $_GET, 'post' => $_POST, 'files' => array_map(fn($f) => $f['size'], $_FILES),
  'input' => file_get_contents('php://input'), 'memory' => ini_get('memory_limit'), 'prepend' => ini_get('auto_prepend_file')],
  JSON_INVALID_UTF8_SUBSTITUTE);
`

interface Shown {
  readonly server: Readonly<Record<string, string>>
  readonly get: unknown
  readonly post: unknown
  readonly files: unknown
  readonly input: string
  readonly memory: string
  readonly prepend: string
}

describe.skipIf(!hasPhpFpm)('a PHP script', () => {
  let fpm: PhpFpm
  let site: ReturnType<typeof phpSite>
  beforeAll(async () => {
    fpm = await startPhpFpm({ files: { 'index.php': show, 'blog/wp.php': show } })
    site = phpSite({ root: fpm.root, address: { kind: 'unix', path: fpm.socket } })
  })
  afterAll(async () => {
    site.origin.close()
    await fpm.stop()
  })

  async function seen(options: CallOptions = {}): Promise<Shown> {
    const answering = new Answering(site.origin, options)
    expect(await answering.result()).toBe('ended')
    return JSON.parse(answering.body) as Shown
  }

  test('is told the request as CGI tells it', async () => {
    const { server, get } = await seen({ path: '/blog/wp.php/a%20b/c?d=e%20f&g', fields: { 'X-Own': '1' } })
    expect(server).toMatchObject({
      REQUEST_METHOD: 'GET',
      REQUEST_URI: '/blog/wp.php/a%20b/c?d=e%20f&g',
      QUERY_STRING: 'd=e%20f&g',
      SCRIPT_NAME: '/blog/wp.php',
      PATH_INFO: '/a b/c',
      PHP_SELF: '/blog/wp.php/a b/c',
      DOCUMENT_ROOT: fpm.root,
      SCRIPT_FILENAME: `${fpm.root}/blog/wp.php`,
      SERVER_PROTOCOL: 'HTTP/1.1',
      GATEWAY_INTERFACE: 'CGI/1.1',
      SERVER_SOFTWARE: 'myriad',
      SERVER_NAME: 'a.test',
      SERVER_PORT: '80',
      HTTP_HOST: 'a.test',
      REMOTE_ADDR: '192.0.2.7',
      REQUEST_SCHEME: 'http',
      HTTP_X_OWN: '1',
    })
    expect(server).not.toHaveProperty('HTTPS')
    expect(server['REQUEST_ID']).toMatch(/^test-[0-9a-z]+$/)
    expect(get).toEqual({ d: 'e f', g: '' })
  })

  test('is told of TLS, and of the port', async () => {
    const gateway = {
      ...testGateway,
      fields: fieldsOf({ Host: 'a.test:8443' }),
      scheme: 'https' as const,
      authority: 'a.test:8443',
      clientAddress: '2001:db8::1',
    }
    expect((await seen({ gateway })).server).toMatchObject({
      HTTPS: 'on',
      REQUEST_SCHEME: 'https',
      SERVER_NAME: 'a.test',
      SERVER_PORT: '8443',
      HTTP_HOST: 'a.test:8443',
      REMOTE_ADDR: '2001:db8::1',
    })
    const plain = { ...gateway, authority: '[::1]', fields: fieldsOf({ Host: '[::1]' }) }
    expect((await seen({ gateway: plain })).server).toMatchObject({
      SERVER_NAME: '[::1]',
      SERVER_PORT: '443',
    })
  })

  test('reads a form', async () => {
    const body = { kind: 'whole' as const, bytes: Buffer.from('a=b&c%5B%5D=d') }
    const fields = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const { post, server } = await seen({ method: 'POST', fields, body })
    expect(post).toEqual({ a: 'b', c: ['d'] })
    expect(server).toMatchObject({ CONTENT_LENGTH: '13', CONTENT_TYPE: fields['Content-Type'] })
  })

  test('reads a form whose body comes in pieces and says nothing of its length', async () => {
    const fields = { 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const bytes of [undefined, 7]) {
      const answering = new Answering(site.origin, {
        method: 'POST',
        fields,
        body: { kind: 'stream', bytes },
        expectsContinue: true,
      })
      await answering.until('100 (Continue)', () => answering.interims.length > 0)
      for (const piece of ['a=', 'b&', 'c=d']) answering.call.write(Buffer.from(piece))
      answering.call.finish(undefined)
      expect(await answering.result()).toBe('ended')
      const { post, server } = JSON.parse(answering.body) as Shown
      expect([post, server['CONTENT_LENGTH']]).toEqual([{ a: 'b', c: 'd' }, '7'])
      expect(answering.interims).toEqual([100])
    }
  })

  test('gets no variable from a client but those of its fields', async () => {
    const { server, memory, prepend } = await seen({
      fields: {
        PHP_VALUE: 'auto_prepend_file=/etc/passwd',
        PHP_ADMIN_VALUE: 'memory_limit=1M',
        'PHP-Value': 'memory_limit=1M',
        Proxy: 'http://192.0.2.1',
        PROXY: 'http://192.0.2.1',
        Script_Filename: '/etc/passwd',
        Remote_Addr: '127.0.0.1',
        Https: 'on',
        'Document-Root': '/',
        'X.Y': '1',
        'X~Y': '1',
        Content_Length: '5',
        Host: 'evil.test',
      },
    })
    expect(server).toMatchObject({ HTTP_HOST: 'a.test', REMOTE_ADDR: '192.0.2.7', HTTP_HTTPS: 'on' })
    for (const name of [
      'HTTP_PROXY',
      'PHP_VALUE',
      'PHP_ADMIN_VALUE',
      'HTTPS',
      'HTTP_X.Y',
      'HTTP_X~Y',
      'HTTP_CONTENT_LENGTH',
    ])
      expect(server).not.toHaveProperty(name)
    expect(server['SCRIPT_FILENAME']).toBe(`${fpm.root}/index.php`)
    expect([memory, prepend]).toEqual(['128M', ''])
    // And nothing of it stays in the worker.
    for (let i = 0; i < 20; i++) expect((await seen()).memory).toBe('128M')
  })

  test('gets several lines of a field as one variable, and no name that stands in for another', async () => {
    const { server } = await seen({
      fields: {
        'X-A': ['1', '2'],
        Cookie: ['a=b', 'c=d'],
        'X-Real': 'real',
        X_Real: 'false',
        x_real: 'false',
        X_Alone: 'alone',
        'X_B-C': '1',
        'X-B_C': '2',
      },
    })
    expect(server).toMatchObject({
      HTTP_X_A: '1, 2',
      HTTP_COOKIE: 'a=b; c=d',
      HTTP_X_REAL: 'real',
      HTTP_X_ALONE: 'alone',
    })
    expect(server).not.toHaveProperty('HTTP_X_B_C')
  })

  test('gets variables of more octets than one record carries', async () => {
    const long = 'y'.repeat(60_000)
    const { server } = await seen({ path: `/?${long}`, fields: { 'X-A': long, 'X-B': long } })
    expect([server['QUERY_STRING'], server['HTTP_X_A'], server['HTTP_X_B']]).toEqual([long, long, long])
  })

  test('gets octets beyond ASCII as they came', async () => {
    fpm.write(
      'é/ü.php',
      '<?php echo bin2hex($_SERVER["SCRIPT_NAME"] . $_SERVER["PATH_INFO"] . $_SERVER["HTTP_X_A"]);',
    )
    const answering = new Answering(site.origin, {
      path: '/%C3%A9/%C3%BC.php/%E9',
      fields: { 'X-A': '\xe9' },
    })
    expect(await answering.result()).toBe('ended')
    expect(Buffer.from(answering.body, 'hex')).toEqual(
      Buffer.concat([Buffer.from('/é/ü.php'), Buffer.from('/\xe9\xe9', 'latin1')]),
    )
  })
})
