// PHP as the origin of comparisons: a php-fpm with a site of two scripts, on the core that generates load. The scripts
// count how often they run, by an octet each in a file: what php-fpm counts are requests and connections that ended.
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCore, StartedProcess } from './process.ts'
import { until } from './wait.ts'

export const phpFpmProgram = 'php-fpm8.2'

/** Connections to php-fpm that a server may keep. */
export const phpConnections = 16

/**
 * A connection that is kept occupies a worker, also while the other server is measured: enough for both.
 */
const workers = 2 * phpConnections

const count = `file_put_contents(__DIR__ . '/../ran', '.', FILE_APPEND);`

/** A page of 8 KB for every path, with a validator and a lifetime. */
const pages = `<?php
${count}
$path = $_SERVER['REQUEST_URI'];
header('Cache-Control: public, max-age=86400');
header('ETag: "' . $path . '"');
$line = '<li class="event"><time datetime="2026-05-1">1 May</time> <p>Evening concert at ' . $path . '</p></li>' . "\\n";
echo substr(str_repeat($line, intdiv(8192, strlen($line)) + 1), 0, 8192);
`

/** The least that a script can do, but for counting. */
const trivial = `<?php
${count}
header('Cache-Control: no-store');
echo 'Hello';
`

/** Reads a body as it comes, and says whether it is the one that was meant. */
const upload = `<?php
$body = fopen('php://input', 'rb');
$sum = hash_init('crc32b');
$bytes = 0;
while (($piece = fread($body, 65536)) !== '' && $piece !== false) {
  hash_update($sum, $piece);
  $bytes += strlen($piece);
}
$isWhole = $bytes === (int) $_GET['bytes'] && hexdec(hash_final($sum)) === (int) $_GET['crc'];
http_response_code($isWhole ? 200 : 422);
`

/** A running php-fpm. Disposing of it ends it. */
export class PhpProcess implements AsyncDisposable {
  private constructor(
    private readonly ran: string,
    /** The folder of the site. */
    readonly root: string,
    readonly socket: string,
    readonly process: StartedProcess,
  ) {}

  /** Starts one in a folder that all users can read. */
  static async start(folder: string): Promise<PhpProcess> {
    const root = join(folder, 'site')
    mkdirSync(join(root, '-'), { recursive: true })
    writeFileSync(join(root, '-/ready'), 'ready')
    writeFileSync(join(root, 'index.php'), pages)
    writeFileSync(join(root, 'trivial.php'), trivial)
    writeFileSync(join(root, 'upload.php'), upload)
    const socket = join(folder, 'php-fpm.sock')
    const configuration = join(folder, 'php-fpm.conf')
    writeFileSync(configuration, configurationOf(folder, socket))
    const flags = ['--nodaemonize', '--force-stderr', '-c', '/etc/php/8.2/fpm/php.ini']
    const command = [phpFpmProgram, ...flags, '--fpm-config', configuration]
    const ran = join(folder, 'ran')
    writeFileSync(ran, '')
    chmodSync(ran, 0o666)
    const started = StartedProcess.start(command, loadCore, join(folder, 'php-fpm.log'))
    await until('php-fpm', () => existsSync(socket), 10_000)
    return new PhpProcess(ran, root, socket, started)
  }

  /** How often scripts have run. */
  counters(): Promise<{ readonly requests: number }> {
    return Promise.resolve({ requests: statSync(this.ran).size })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
  }
}

function configurationOf(folder: string, socket: string): string {
  const user = process.getuid?.() === 0 ? ['user = www-data', 'group = www-data'] : []
  return [
    '[global]',
    `pid = ${folder}/php-fpm.pid`,
    `error_log = ${folder}/php-fpm-errors.log`,
    '[site]',
    ...user,
    `listen = ${socket}`,
    'listen.mode = 0666',
    'listen.backlog = 4096',
    'pm = static',
    `pm.max_children = ${workers}`,
    '',
  ].join('\n')
}
