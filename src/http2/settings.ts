// Settings of a connection (RFC 9113 §6.5): what a peer says of itself, and what is said to it.
import { ErrorCode } from './error-code.ts'
import { read31 } from './frame.ts'

/** RFC 9113 §6.5.2; the last one is of RFC 9218 §2.1. */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  noRfc7540Priorities: 9,
} as const

/** What each side may send before windows have been widened (RFC 9113 §6.9.2). */
export const INITIAL_WINDOW = 65_535
/** RFC 9113 §6.9.1. */
export const WINDOW_MAX = 0x7fff_ffff
/** What both sides' tables of fields may hold before anything has been said of it (RFC 9113 §6.5.2). */
export const FIELD_TABLE_BYTES = 4096

const SETTING_BYTES = 6

/** What has been said, as far as it matters here. */
export class PeerSettings {
  initialWindow: number = INITIAL_WINDOW
  fieldTableBytes: number = FIELD_TABLE_BYTES

  /** Reads the payload of a SETTINGS frame, of whole settings. Returns an error code; `none`: it is valid. */
  read(octets: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at += SETTING_BYTES) {
      const value = read31(octets, at + 2)
      const isLarger = octets[at + 2]! >= 0x80
      switch ((octets[at]! << 8) | octets[at + 1]!) {
        case Setting.headerTableSize:
          this.fieldTableBytes = isLarger ? WINDOW_MAX : value
          break
        case Setting.enablePush:
          if (isLarger || value > 1) return ErrorCode.protocol
          break
        case Setting.initialWindowSize:
          if (isLarger) return ErrorCode.flowControl
          this.initialWindow = value
          break
        case Setting.maxFrameSize:
          // What is sent here is never larger than the least that may be said.
          if (isLarger || value < 16_384 || value > 0xff_ffff) return ErrorCode.protocol
          break
        default:
        // RFC 9113 §6.5.2: what is not known is passed over. The others limit what is not sent here.
      }
    }
    return ErrorCode.none
  }
}

/** The payload of a SETTINGS frame. */
export function settingsPayload(settings: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES)
  for (const [i, [setting, value]] of settings.entries()) {
    payload.writeUInt16BE(setting, i * SETTING_BYTES)
    payload.writeUInt32BE(value, i * SETTING_BYTES + 2)
  }
  return payload
}

/** Whether a payload of this length is one of whole settings. */
export function isWholeSettings(bytes: number): boolean {
  return bytes % SETTING_BYTES === 0
}
