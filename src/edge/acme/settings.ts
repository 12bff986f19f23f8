// Settings of certificates that are got by ACME (the section `tls.acme` of the configuration).
import {
  choice,
  integer,
  optionalDuration,
  optionalText,
  requiredText,
  texts,
  type SettingsOf,
} from '../../base/setting.ts'

export const acmeRows = {
  email: requiredText(
    'An address for the certificate authority to write to. Giving it accepts the terms of service of that authority.',
  ),
  names: texts(
    [],
    "Names to get certificates for, each one of its own, such as 'example.com' or '*.example.com' (only by 'dns-01'); empty: the hosts that routes name.",
  ),
  onDemand: texts(
    [],
    "Names that get a certificate when a request first asks for them: 'shop.example.com', or '*.example.com' for all one label below it.",
  ),
  onDemandMax: integer(100, 'Certificates that `onDemand` may lead to.', { min: 1, max: 10_000 }),
  challenge: choice(
    'http-01',
    ['http-01', 'dns-01'],
    'How to prove that a name is yours: by an answer on port 80 that Myriad gives itself, or by a TXT record that `dnsHook` sets.',
  ),
  dnsHook: texts(
    [],
    "The program that sets TXT records, with its first arguments: '/usr/local/bin/dns-hook' or ['dns-hook', '--zone', 'example.com']. It is run without a shell, with three arguments more: 'present' or 'cleanup', the record's name, its value.",
  ),
  directory: optionalText(
    "The directory URL of the authority; absent: Let's Encrypt. 'staging' is Let's Encrypt's for trying out, whose certificates no browser takes.",
  ),
  ca: optionalText("File of certificates to trust, beside the system's, when the authority is asked."),
  renewBefore: optionalDuration(
    'How long before its end a certificate is renewed; absent: when the authority advises it (RFC 9773), or a third of its lifetime before.',
    { min: 60_000, max: 31_536_000_000 },
  ),
  folder: optionalText(
    'Where keys and certificates are kept, readable for this user alone; machines that share it get one certificate together. Absent: `acme` in `$STATE_DIRECTORY`, else in `/var/lib/myriad` (root) or `~/.local/state/myriad`.',
  ),
}

/** The section as it is written, with its defaults. */
export type AcmeSettings = SettingsOf<typeof acmeRows>

/** The section once it has been looked at as a whole. */
export interface AcmeConfig extends Omit<AcmeSettings, 'directory'> {
  /** A URL. */
  readonly directory: string
}

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'
const letsEncryptStaging = 'https://acme-staging-v02.api.letsencrypt.org/directory'

/** The directory that a setting names. */
export function directoryUrl(setting: string | undefined): string {
  if (setting === undefined) return letsEncrypt
  return setting === 'staging' ? letsEncryptStaging : setting
}
