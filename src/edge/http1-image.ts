// A stored response in HTTP/1.1 form: head and body in one piece of memory, so that a hit is one write. What changes
// from hit to hit, Age and Cache-Status, changes once a second: the head is written anew, into the room before the
// body, when the second has changed.
import { fieldLines, statusLine } from '../http1/head-writer.ts'
import { HEADROOM, type Representation } from '../request/representation.ts'
import type { StoredNote } from '../request/reply.ts'

/** What is kept with a representation for the next hit. */
class Image {
  /** The head's lines that stay the same, as text. */
  readonly lines: string
  /** The note that the head was last written for. */
  ageSeconds = -2
  cacheStatus = ''
  /** Where the head begins; the body follows it at HEADROOM. */
  from = 0

  constructor(representation: Representation) {
    this.lines = statusLine(representation.status, representation.reason) + fieldLines(representation.fields)
  }
}

/** The lines that are told beside a stored response. */
export function noteLines(note: StoredNote): string {
  const age = note.ageSeconds < 0 ? '' : `Age: ${note.ageSeconds}\r\n`
  return `${age}Cache-Status: ${note.cacheStatus}\r\n`
}

/** The head's text up to its last line, for a representation that is sent in pieces. */
export function headText(representation: Representation): string {
  return imageOf(representation).lines
}

/**
 * Puts the head before the body of a representation that has room for it. Returns where it begins; -1 when the head
 * is too long for the room.
 */
export function placeHead(representation: Representation, note: StoredNote): number {
  const image = imageOf(representation)
  if (image.ageSeconds === note.ageSeconds && image.cacheStatus === note.cacheStatus) return image.from
  const head = `${image.lines}${noteLines(note)}\r\n`
  image.from = HEADROOM - head.length
  if (image.from < 0) return -1
  const buffer = representation.source!.bytes as Buffer
  buffer.latin1Write(head, image.from)
  image.ageSeconds = note.ageSeconds
  image.cacheStatus = note.cacheStatus
  return image.from
}

function imageOf(representation: Representation): Image {
  return (representation.prepared ??= new Image(representation)) as Image
}
