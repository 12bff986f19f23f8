// How a name is proven to be ours: by a file that any process of Myriad answers with (http-01, RFC 8555 §8.3), or by a
// record that the owner's program sets (dns-01, §8.4).
import type { Timers } from '../../base/clock.ts'
import type { Solver } from './authority.ts'
import type { CertificateFolder } from './certificate-folder.ts'
import { runDnsHook } from './dns-hook.ts'

/** Puts the proof where `CertificateFolder.proof` finds it. */
export function httpSolver(folder: CertificateFolder): Solver {
  return {
    type: 'http-01',
    async present(_name, token, proof) {
      folder.writeProof(token, proof)
    },
    async cleanup(_name, token) {
      folder.removeProof(token)
    },
  }
}

/** RFC 8555 §8.4. */
const record = (name: string, value: string) => ({ name: `_acme-challenge.${name}`, value })

/** Has the owner's program set and remove the record. */
export function dnsSolver(hook: readonly string[], timers: Timers): Solver {
  return {
    type: 'dns-01',
    present: (name, _token, proof) => runDnsHook(hook, 'present', record(name, proof), timers),
    cleanup: (name, _token, proof) => runDnsHook(hook, 'cleanup', record(name, proof), timers),
  }
}
