// The units for systemd (systemd.service(5), systemd.socket(5), systemd.exec(5)): their text, and whether it has been
// changed since. Pure; service-install.ts has the files.
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { ListenAddress } from '../edge/settings.ts'

/** What the units are made from. */
export interface ServiceFacts {
  /** The program with what comes before the name of a command; the first is an absolute path. */
  readonly program: readonly string[]
  /** What it is started with. */
  readonly serve: readonly string[]
  readonly user: string
  /** Where it is started, an absolute path. */
  readonly folder: string
  readonly listen: readonly ListenAddress[]
  /** How long requests may go on after SIGTERM. */
  readonly drainMs: number
}

/** A file for systemd's folder of units. */
export interface UnitFile {
  readonly name: string
  readonly text: string
}

export const SERVICE_UNIT = 'myriad.service'
export const SOCKET_UNIT = 'myriad.socket'

/** What a process needs after its requests are over, until it has ended. */
const END_SECONDS = 15

/** The units: a service, and its sockets where it has some that systemd can open. */
export function unitsFor(facts: ServiceFacts): readonly UnitFile[] {
  const sockets = facts.listen.filter(isForSystemd)
  const service = { name: SERVICE_UNIT, text: marked(serviceText(facts, sockets.length > 0)) }
  return sockets.length === 0
    ? [service]
    : [service, { name: SOCKET_UNIT, text: marked(socketText(sockets)) }]
}

/** A name may lead elsewhere each time, and port 0 does. */
const isForSystemd = ({ hostname, port }: ListenAddress): boolean =>
  port !== 0 && (isIP(hostname) !== 0 || hostname === 'localhost')

function serviceText(facts: ServiceFacts, hasSockets: boolean): string {
  const { program, serve, user, folder, drainMs } = facts
  const command = (...words: readonly string[]): string => [...program, ...words].map(execWord).join(' ')
  return `[Unit]
Description=Myriad, an HTTP cache and gateway
Wants=network-online.target
After=network-online.target
# It is tried again for as long as it takes.
StartLimitIntervalSec=0
${hasSockets ? `Requires=${SOCKET_UNIT}\nAfter=${SOCKET_UNIT}\n` : ''}
[Service]
Type=notify
ExecStart=${command(...serve)}
# Waits until the configuration is in force, and fails when it is refused.
ExecReload=${command('reload', '--pid')} $MAINPID
User=${user}
WorkingDirectory=${settingText(folder)}
# Where 'myriad status' of root finds it: /run/myriad.
Environment=XDG_RUNTIME_DIR=%t
RuntimeDirectory=myriad
RuntimeDirectoryMode=0700
# Certificates by ACME, and that for localhost.
StateDirectory=myriad
StateDirectoryMode=0700
# For log.access and log.error, if the configuration puts them into /var/log/myriad.
LogsDirectory=myriad
UMask=0027

Restart=always
RestartSec=1
# The configuration is wrong: it will be so the next time.
RestartPreventExitStatus=2
WatchdogSec=60
# Only the first process is told to end: it lets the others finish, and php-fpm last, which drops its requests at SIGTERM.
KillMode=mixed
TimeoutStopSec=${Math.ceil(drainMs / 1000) + END_SECONDS}
# One process that the kernel ends for its memory is started again by the others' supervisor.
OOMPolicy=continue
# A connection takes a descriptor, and a second one while the application is asked.
LimitNOFILE=131072

# Ports below 1024, for addresses that systemd does not open itself: https, and those that a reload adds.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
# Nothing can be written but the folders above. A site whose PHP Myriad runs needs ReadWritePaths= for what PHP writes.
ProtectSystem=strict
# Sites may lie in home folders, and so may this program.
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
# Netlink is how the C library learns of addresses.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# Not here: MemoryDenyWriteExecute=, since the JavaScript engine writes the machine code that it runs, and without it the
# program calls no C library; ProtectProc= and ProcSubset=, since php-fpm that runs already is found in /proc.

[Install]
WantedBy=multi-user.target
${hasSockets ? `Also=${SOCKET_UNIT}\n` : ''}`
}

function socketText(listen: readonly ListenAddress[]): string {
  const streams = listen.map(({ hostname, port }) => {
    const host = hostname === 'localhost' ? '127.0.0.1' : hostname
    return `ListenStream=${host.includes(':') ? `[${host}]` : host}:${port}\n`
  })
  return `[Unit]
Description=The addresses of Myriad: whoever connects while it is restarted waits here

[Socket]
${streams.join('')}FileDescriptorName=http
Backlog=4096
# With a network that comes up later.
FreeBind=yes

[Install]
WantedBy=sockets.target
`
}

/** A word of a command line: specifiers, variables and quotes are told apart from what is meant as it stands. */
function execWord(word: string): string {
  const text = settingText(word).replaceAll('$', '$$$$')
  return /^[\w./:=@%$+,-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** A value: only `%` has a meaning. */
const settingText = (text: string): string => text.replaceAll('%', '%%')

const markPattern = /^# Written by 'myriad service install'.*\n# sha256 of what follows: ([0-9a-f]{64})\n/

function marked(text: string): string {
  return `# Written by 'myriad service install', which replaces it as long as nobody else has changed it: 'systemctl edit' adds to it.
# sha256 of what follows: ${digest(text)}
${text}`
}

/** Whether a file is one of ours, as it was written. */
export function isAsWritten(text: string): boolean {
  const match = markPattern.exec(text)
  return match !== null && digest(text.slice(match[0].length)) === match[1]
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
