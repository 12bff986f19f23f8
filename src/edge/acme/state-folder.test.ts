// Where certificates lie.
import { expect, test } from 'bun:test'
import { defaultsOf } from '../../base/setting.ts'
import { acmeRows, directoryUrl, type AcmeConfig } from './settings.ts'
import { stateFolder } from './state-folder.ts'

const config = (directory?: string, folder?: string): AcmeConfig => ({
  ...defaultsOf(acmeRows),
  directory: directoryUrl(directory),
  folder,
})
const user = { env: {}, uid: 1000, homedir: '/ada' }

test("the owner's folder, systemd's, the system's, the user's", () => {
  const at = (around: Partial<typeof user>): string => stateFolder(config(), { ...user, ...around })
  const own = /^\/srv\/keys\/acme-v02\.api\.letsencrypt\.org-[0-9a-f]{8}$/
  expect(stateFolder(config(undefined, '/srv/keys'), user)).toMatch(own)
  expect(at({ env: { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' } })).toStartWith('/var/lib/a/acme/acme-v02.')
  expect(at({ uid: 0 })).toStartWith('/var/lib/myriad/acme/')
  expect(at({ env: { XDG_STATE_HOME: '/state' } })).toStartWith('/state/myriad/acme/')
  expect(at({})).toStartWith('/ada/.local/state/myriad/acme/')
})

test('each directory has its own: a certificate for trying out is not taken for another', () => {
  const folders = [
    undefined,
    'staging',
    'https://a.example/one',
    'https://a.example/two',
    'https://a.example:8443/',
  ]
  expect(new Set(folders.map((directory) => stateFolder(config(directory, '/k'), user))).size).toBe(5)
})
