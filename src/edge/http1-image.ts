// A stored response in HTTP/1.1 form: head and body in one piece of memory, so that a hit is one write. What changes
// from hit to hit, Age and Cache-Status, stands last in the head and changes once a second: only that is written anew,
// into the room before the body.
import type { Reason } from '../base/reason.ts'
import { fieldLines, statusLine } from '../http1/head-writer.ts'
import { hitStatus } from '../request/cache-status.ts'
import { HEADROOM, type Representation } from '../request/representation.ts'
import { toldLines, type ToldFields } from './told-fields.ts'

/** What is kept with a representation for the next hit. */
class Image {
  /** The head's lines that stay the same, as text. */
  readonly lines: string
  /** What the changing lines were last written for. */
  ageSeconds = -2
  reason: Reason | undefined
  member: string | undefined
  /** How long those lines are. */
  noteBytes = -1
  /** Where the head begins; the body follows it at HEADROOM. */
  from = 0
  readonly bytes: Buffer | undefined

  constructor(
    representation: Representation,
    /** What the lines were made with. */
    readonly told: ToldFields,
  ) {
    const { status, reason, fields } = representation
    this.bytes = representation.source?.bytes as Buffer | undefined
    this.lines = statusLine(status, reason) + fieldLines(fields) + toldLines(told, fields)
  }
}

/** The lines that are told beside a stored response. */
function noteLines(
  ageSeconds: number,
  ttlSeconds: number,
  reason: Reason,
  member: string | undefined,
): string {
  const status = `Cache-Status: ${member ?? hitStatus(reason, ttlSeconds)}\r\n`
  return ageSeconds < 0 ? status : `Age: ${ageSeconds}\r\n${status}`
}

/** The whole head, for a representation that is sent in pieces. `connection`: its own line, or nothing. */
export function headText(
  representation: Representation,
  ageSeconds: number,
  ttlSeconds: number,
  reason: Reason,
  member: string | undefined,
  connection: string,
  told: ToldFields,
): string {
  const note = noteLines(ageSeconds, ttlSeconds, reason, member)
  return `${imageOf(representation, told).lines}${note}${connection}\r\n`
}

/**
 * Puts the head before the body of a representation that has room for it. Returns where it begins; -1 when the head
 * is too long for the room. Age and remaining lifetime change together, so one of them tells whether to write.
 */
export function placeHead(
  representation: Representation,
  ageSeconds: number,
  ttlSeconds: number,
  reason: Reason,
  member: string | undefined,
  told: ToldFields,
): number {
  const image = imageOf(representation, told)
  if (image.ageSeconds === ageSeconds && image.reason === reason && image.member === member) return image.from
  const note = `${noteLines(ageSeconds, ttlSeconds, reason, member)}\r\n`
  const buffer = image.bytes!
  if (note.length !== image.noteBytes) {
    const from = HEADROOM - note.length - image.lines.length
    if (from < 0) return -1
    buffer.latin1Write(image.lines, from)
    image.from = from
    image.noteBytes = note.length
  }
  buffer.latin1Write(note, HEADROOM - note.length)
  image.ageSeconds = ageSeconds
  image.reason = reason
  image.member = member
  return image.from
}

function imageOf(representation: Representation, told: ToldFields): Image {
  const known = representation.prepared as Image | undefined
  if (known?.told === told) return known
  const image = new Image(representation, told)
  representation.prepared = image
  return image
}
