// Settings of the listeners that speak TLS (the section `tls` of the configuration), and what becomes of them: the
// certificates that are shown, by the names that they are for.
import {
  boolean,
  duration,
  optionalChoice,
  optionalText,
  requiredText,
  type SettingsOf,
} from '../base/setting.ts'
import type { Certificate } from './certificates.ts'

export const tlsRows = {
  http2: boolean(true, 'Offers HTTP/2 (ALPN `h2`) beside HTTP/1.1.'),
  http3: boolean(
    true,
    'Offers HTTP/3 on the UDP port of the same number, and tells of it in `Alt-Svc`; open that port in the firewall.',
  ),
  redirect: boolean(
    false,
    'Has the `http://` addresses send visitors to the first `https://` address instead of serving them: 301 for GET and HEAD, 308 for other methods.',
  ),
  hsts: duration(
    0,
    'How long browsers are told to use https alone for the site (`Strict-Transport-Security`), where the application does not say so itself; 0 does not tell.',
    { min: 0, max: 63_072_000_000 },
  ),
  minVersion: optionalChoice(['1.2', '1.3'], 'Oldest version of TLS that is spoken; 1.2 when not set.'),
  clientCa: optionalText(
    'File with the certificates of authorities, PEM. Only clients with a certificate of theirs are let in: for a listener that other edges ask, not for browsers of visitors.',
  ),
}

export const certificateRows = {
  cert: requiredText(
    'File with the certificate, PEM: the own one first, then those that lead to the authority.',
  ),
  key: requiredText('File with its private key, PEM, without a passphrase.'),
}

/** The settings with what the files hold. */
export interface TlsSettings extends Omit<SettingsOf<typeof tlsRows>, 'clientCa'> {
  /** PEM; undefined: clients need no certificate. */
  readonly clientCa: string | undefined
  /** In the order of the configuration; the first is shown where no name fits. Empty: a self-signed one is made. */
  readonly certificates: readonly Certificate[]
}
