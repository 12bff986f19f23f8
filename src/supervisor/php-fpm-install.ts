// What to install where php-fpm is missing, in the words of the system that Myriad runs on (os-release, as freedesktop.org
// describes it).
import { readFileSync } from 'node:fs'

/** The PHP of a release, where the package is named after it. */
const versionOf: Readonly<Record<string, string>> = {
  'debian 11': '7.4',
  'debian 12': '8.2',
  'debian 13': '8.4',
  'ubuntu 20.04': '7.4',
  'ubuntu 22.04': '8.1',
  'ubuntu 24.04': '8.3',
}

/** Families, each with how it installs php-fpm. */
const commands: readonly (readonly [family: string, command: string])[] = [
  ['debian', 'apt-get install php-fpm'],
  ['ubuntu', 'apt-get install php-fpm'],
  ['fedora', 'dnf install php-fpm'],
  ['rhel', 'dnf install php-fpm'],
  ['arch', 'pacman -S php-fpm'],
  ['suse', 'zypper install php8-fpm'],
  ['alpine', 'apk add php84-fpm'],
]

/** The command that installs php-fpm, for the text of /etc/os-release; undefined for a system that is not known. */
export function installCommand(osRelease: string): string | undefined {
  const value = (key: string): string =>
    new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(osRelease)?.[1]?.toLowerCase() ?? ''
  const version = versionOf[`${value('ID')} ${value('VERSION_ID')}`]
  if (version !== undefined) return `apt-get install php${version}-fpm`
  const families = [value('ID'), ...value('ID_LIKE').split(' ')]
  return commands.find(([family]) => families.includes(family))?.[1]
}

/** What to do where php-fpm is neither running nor installed. */
export function missingText(platform: string): string {
  const command = platform === 'darwin' ? 'brew install php' : installCommand(systemText())
  const how = command === undefined ? "install your system's package of php-fpm" : `install it: ${command}`
  return `${how}; or name the socket of a running one: { php: './public', socket: '/run/php/php-fpm.sock' }`
}

function systemText(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    // A system without it is one that is not known.
    return ''
  }
}
