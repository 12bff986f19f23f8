// What to install, by the system's own name.
import { expect, test } from 'bun:test'
import { installCommand, missingText } from './php-fpm-install.ts'

test('Debian and Ubuntu by release, others by family', () => {
  const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
  expect(installCommand(debian)).toBe('apt-get install php8.2-fpm')
  expect(installCommand('ID=debian\nVERSION_ID="99"')).toBe('apt-get install php-fpm')
  expect(installCommand('ID=linuxmint\nID_LIKE="ubuntu debian"')).toBe('apt-get install php-fpm')
  expect(installCommand('ID="rocky"\nID_LIKE="rhel centos fedora"')).toBe('dnf install php-fpm')
  expect(installCommand('ID=arch')).toBe('pacman -S php-fpm')
  expect(installCommand('')).toBeUndefined()
})

test('the text says what else can be done', () => {
  expect(missingText('darwin')).toStartWith('install it: brew install php; or name the socket')
})
