// A request's path as names below a folder. It comes in normal form and still percent-encoded (src/http/target.ts);
// each segment is decoded by itself, so that what decodes to a slash never becomes one: `%2F` stands in no name.
//
// Empty segments are passed over, as file systems do and as nginx does by default: `/a//b` is `/a/b`.

/** More folders than anyone nests; a longer path names nothing. */
const SEGMENTS_MAX = 256
/** The longest name that Linux and its file systems know, in bytes (NAME_MAX). */
const NAME_BYTES_MAX = 255

/** One name below a folder. */
export interface Segment {
  /** Decoded. Undefined: no file can be called so. */
  readonly name: string | undefined
  /** Whether names that begin so are hidden; `.well-known` in the root itself is not (RFC 8615). */
  readonly hidden: boolean
  /** Where it ends in the path; the slash after it is not part of it. */
  readonly end: number
}

/** A path, cut into names. */
export interface RequestPath {
  readonly segments: readonly Segment[]
  /** Whether it ends with a slash, and so can only name a folder. */
  readonly asFolder: boolean
}

/** Cuts a path, which begins with a slash and has no query. Undefined: it holds more segments than any folder is deep. */
export function requestPath(path: string): RequestPath | undefined {
  const segments: Segment[] = []
  for (let from = 1; from <= path.length;) {
    const slash = path.indexOf('/', from)
    const end = slash < 0 ? path.length : slash
    if (end > from) {
      if (segments.length === SEGMENTS_MAX) return undefined
      const name = decoded(path.slice(from, end))
      const hidden = isHidden(name, segments.length)
      segments.push({ name, hidden, end })
    }
    from = end + 1
  }
  return { segments, asFolder: path.endsWith('/') }
}

/** Whether a name at this depth (0: in the root) is hidden. A name that is none hides nothing. */
export function isHidden(name: string | undefined, depth: number): boolean {
  return name?.startsWith('.') === true && !(depth === 0 && name === '.well-known')
}

function decoded(segment: string): string | undefined {
  const name = segment.includes('%') ? decodedText(segment) : segment
  if (name === undefined || name.includes('/') || name.includes('\0')) return undefined
  return Buffer.byteLength(name) > NAME_BYTES_MAX ? undefined : name
}

/** Undefined for octets that are not UTF-8: a name that this program could not spell. */
function decodedText(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
