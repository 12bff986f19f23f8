// Fields that a request may not have removed on its way by naming them in Connection. RFC 9110 §7.6.1 has a field removed
// that Connection names. What decides here would then not be what the origin sees: with Cookie removed on the way, an
// answer for nobody's cookie would be stored for this one. No honest client names these.
import { fieldBit, type KnownField } from '../http/known-fields.ts'

/** Fields by which it is decided whom an answer is for, and what of it. */
const decisiveBits =
  fieldBit.host |
  fieldBit['content-length'] |
  fieldBit.cookie |
  fieldBit.authorization |
  fieldBit['accept-encoding'] |
  fieldBit['cache-control'] |
  fieldBit.pragma |
  fieldBit.range |
  fieldBit['if-range'] |
  fieldBit['if-none-match'] |
  fieldBit['if-modified-since'] |
  fieldBit['if-match'] |
  fieldBit['if-unmodified-since'] |
  fieldBit.expect

/** Whether an option of Connection is the name of a field that is among those `present`, and that decides. */
export function isDecisive(option: string, present: number): boolean {
  if (!Object.hasOwn(fieldBit, option)) return false
  return (fieldBit[option as KnownField] & decisiveBits & present) !== 0
}
