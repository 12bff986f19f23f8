// The media type of a file by the end of its name, and whether it is text that coding makes smaller. The table is
// mrmime's, made from the registry of media types; what it leaves out and sites use is added here.
import { mimes } from 'mrmime'
import { compressible } from '../../http/coding.ts'

const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...mimes,
    apk: 'application/vnd.android.package-archive',
    cjs: 'text/javascript',
    cur: 'image/x-icon',
    ico: 'image/x-icon',
    m3u8: 'application/vnd.apple.mpegurl',
  }),
)

const withCharset = /^text\/|^application\/javascript$/

/** What a file is told to be. */
export interface MediaType {
  /** With its character set, where it is text. */
  readonly contentType: string
  /** Whether content coding makes it smaller. */
  readonly isCompressible: boolean
}

/** Media types, looked up once for each ending. */
export class MediaTypes {
  readonly #known = new Map<string, MediaType>()

  constructor(private readonly charset: string) {}

  /** By a file's name or path. */
  of(path: string): MediaType {
    const dot = path.lastIndexOf('.')
    const ending = dot > path.lastIndexOf('/') ? path.slice(dot + 1).toLowerCase() : ''
    const known = this.#known.get(ending)
    if (known !== undefined) return known
    const type = types.get(ending)
    const contentType = type === undefined ? 'application/octet-stream' : this.#whole(type)
    const made = { contentType, isCompressible: compressible(contentType) }
    // Endings that are not in the table are as many as there are names.
    if (type !== undefined) this.#known.set(ending, made)
    return made
  }

  #whole(type: string): string {
    return withCharset.test(type) ? `${type}; charset=${this.charset}` : type
  }
}
