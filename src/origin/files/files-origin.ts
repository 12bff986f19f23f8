// A folder as an origin: its files, by GET and HEAD. What is small is handed to the cache, which keeps it for a second and
// codes it for each client; what is large, and what lies there coded already, goes from the disk straight into the
// client's socket (`direct`).
//
// Folders show their index file and nothing else. A path that is refused (hidden, denied, out of the root, no file) is
// answered as one that does not exist. The text of PHP scripts is never shown: that is what runs.
import { STATUS_CODES } from 'node:http'
import type { Clock, Timers } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import { takenCodings } from '../../http/coding.ts'
import type { ContentCoding } from '../../http/encode.ts'
import { Fields } from '../../http/fields.ts'
import type { ResponseHead } from '../../http/message.ts'
import { fieldLines } from '../../http1/head-writer.ts'
import type {
  DirectAnswer,
  DirectRequest,
  Origin,
  OriginCall,
  OriginEvents,
  OriginRequest,
} from '../origin.ts'
import { fileAnswer, MUTABLE, type FileAnswer, type FileAsk } from './answer.ts'
import { isFingerprinted } from './fingerprint.ts'
import { MediaTypes } from './media-type.ts'
import { OpenFiles, type NotOpened, type OpenFile } from './open-files.ts'
import { FilePour } from './pour.ts'
import { DocumentRoot, type RefusedPath, type ResolvedFile } from './root.ts'
import type { FilesOriginConfig } from './settings.ts'
import { ShortCall } from './short-call.ts'
import { FileStream } from './stream.ts'
import { fileValidators, isYoung } from './validators.ts'

/** What a folder needs from the process around it. */
export interface FilesOriginDeps {
  readonly clock: Clock
  readonly timers: Timers
}

/** Text is kept up to the size at which the memory tier stops: it goes out coded. */
const TEXT_BYTES_MAX = 8 << 20
/** Up to this size an answer from memory costs less than one from the disk. */
const OTHER_BYTES_MAX = 64 << 10

/** How long this cache, and one in front, may use a file without a look at it. */
const SHARED_LIFETIME = 'public, max-age=1'

/** Scripts, and what editors leave of them. */
const script = /\.(?:php\d?|phps|phtml|phar)(?:~|\.(?:bak|old|orig|save|swp|dist))?$/i

const siblingEndings: Readonly<Record<ContentCoding, string>> = { zstd: '.zst', br: '.br', gzip: '.gz' }

const none = { kind: 'none' } as const

/** What a path leads to. */
type Look =
  | { readonly kind: 'file'; readonly file: ResolvedFile }
  | { readonly kind: 'folder'; readonly location: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed'; readonly why: string }

/** A file in the form that a client gets; opened, when bytes of it follow. */
interface Opened {
  readonly answer: FileAnswer
  readonly open: OpenFile | undefined
}

/** A coded form that lies beside a file. */
interface Sibling {
  readonly coding: ContentCoding
  readonly file: ResolvedFile
}

const noSiblings: readonly Sibling[] = []

/** A file that is replaced while it is being opened is looked for again; not for ever. */
const ATTEMPTS_MAX = 3

/** A folder that is served. */
export class FilesOrigin implements Origin {
  readonly #root: DocumentRoot
  readonly #files: OpenFiles
  readonly #types: MediaTypes

  constructor(
    private readonly config: FilesOriginConfig,
    private readonly deps: FilesOriginDeps,
  ) {
    const { linkTargets, deny, openFilesMax, charset } = config.settings
    this.#root = new DocumentRoot({ root: config.root, linkTargets, deny }, deps.clock)
    this.#files = new OpenFiles(openFilesMax, deps.timers)
    this.#types = new MediaTypes(charset ?? 'utf-8')
  }

  get connections(): { open: number; idle: number; queued: number } {
    return { open: this.#files.count, idle: this.#files.idleCount, queued: 0 }
  }

  direct(request: DirectRequest): DirectAnswer | undefined {
    const look = this.#look(request.pathAndQuery)
    if (look.kind !== 'file') return undefined
    const { file } = look
    const nowMs = this.deps.clock.nowMs()
    const { isCompressible } = this.#types.of(file.realPath)
    const siblings = isCompressible ? this.#siblings(file) : noSiblings
    const isKept = file.stat.size <= (isCompressible ? TEXT_BYTES_MAX : OTHER_BYTES_MAX)
    if (isKept && siblings.length === 0 && !isYoung(file.stat, nowMs)) return undefined
    const opened = this.#open(request, file, siblings, request.acceptEncoding, nowMs)
    // What went wrong is told by `send`.
    if (typeof opened === 'string') return undefined
    const { answer, open } = opened
    const { part } = answer
    const body =
      open === undefined || part === undefined ? undefined : new FilePour(open, part.first, part.bytes)
    return { head: headOf(answer), body }
  }

  send(request: OriginRequest, events: OriginEvents): OriginCall {
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD')
      return this.#tell(events, 405, [['Allow', 'GET, HEAD']], method)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const look = this.#look(request.pathAndQuery)
      switch (look.kind) {
        case 'none':
          return this.#tell(events, 404, [], method)
        case 'forbidden':
          return this.#tell(events, 403, [], method)
        case 'folder':
          return this.#tell(events, 301, [['Location', look.location]], method)
        case 'failed':
          return new ShortCall(events, new Failure('connect-refused', look.why))
        case 'file':
      }
      const opened = this.#open(askOf(request), look.file, noSiblings, undefined, this.deps.clock.nowMs())
      if (opened === 'gone') continue
      if (opened === 'not-permitted') return this.#tell(events, 403, [], method)
      if (opened === 'too-many')
        return new ShortCall(events, new Failure('origin-busy', 'too many files are open'))
      return this.#send(opened, events)
    }
    return new ShortCall(events, new Failure('origin-closed', 'the file is being replaced again and again'))
  }

  close(): void {
    this.#files.closeIdle()
  }

  #look(pathAndQuery: string): Look {
    const mark = pathAndQuery.indexOf('?')
    const path = mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark)
    const found = this.#root.resolve(path)
    switch (found.kind) {
      case 'file':
        return isScript(found.file) ? none : found
      case 'directory': {
        // Below, not beside: relative links of the page are meant from within the folder.
        if (found.hasSlash) return this.#index(found.name)
        const query = mark < 0 ? '' : pathAndQuery.slice(mark)
        // Browsers take a backslash for a slash, and two of them at the beginning for another host.
        return { kind: 'folder', location: `${found.name.replaceAll('\\', '%5C')}/${query}` }
      }
      case 'missing':
        return none
      case 'refused':
        return this.#refused(found.reason)
    }
  }

  #refused(reason: RefusedPath): Look {
    switch (reason) {
      case 'not-permitted':
        return { kind: 'forbidden' }
      case 'no-root':
        return { kind: 'failed', why: `the folder ${this.config.root} is not there` }
      case 'unreadable':
        return { kind: 'failed', why: `${this.config.root} cannot be read` }
      default:
        return none
    }
  }

  #index(folder: string): Look {
    for (const name of this.config.settings.index) {
      const found = this.#root.resolve(folder + encodeURIComponent(name))
      if (found.kind === 'file' && !isScript(found.file)) return found
    }
    return none
  }

  /** The coded forms that lie beside a file, and are not older than it. */
  #siblings(file: ResolvedFile): readonly Sibling[] {
    const siblings: Sibling[] = []
    for (const coding of ['zstd', 'br', 'gzip'] as const) {
      const found = this.#root.resolve(file.name + siblingEndings[coding])
      if (found.kind === 'file' && found.file.stat.mtimeMs >= file.stat.mtimeMs)
        siblings.push({ coding, file: found.file })
    }
    return siblings
  }

  /** Answers from a file, or from the sibling that the client likes best. */
  #open(
    ask: FileAsk,
    file: ResolvedFile,
    siblings: readonly Sibling[],
    acceptEncoding: string | undefined,
    nowMs: number,
  ): Opened | NotOpened {
    // Ranges are of the file itself: who resumes a download does not want to know of codings.
    const sibling = ask.range === undefined ? preferred(siblings, acceptEncoding) : undefined
    const source = sibling?.file ?? file
    const varies = siblings.length > 0
    const isUsual = ask.method === 'GET' && isPlain(ask) && source.stat.size > 0
    if (isUsual) {
      const open = this.#files.open(source)
      if (typeof open === 'string') return open
      const { usual } = open
      if (usual?.name === file.name && usual.coding === sibling?.coding && usual.varies === varies) {
        const part = { first: 0, bytes: source.stat.size }
        return { answer: { status: 200, fields: usual.fields.clone(), part }, open }
      }
      open.release()
    }
    const form = {
      bytes: source.stat.size,
      contentType: this.#types.of(file.realPath).contentType,
      coding: sibling?.coding,
      varies,
      validators: fileValidators(source.stat, nowMs),
      fingerprinted: this.config.settings.immutable && isFingerprinted(file.name),
    }
    const answer = fileAnswer(ask, form, nowMs)
    if (answer.part === undefined) return { answer, open: undefined }
    const open = this.#files.open(source)
    if (typeof open === 'string') return open
    if (isUsual && form.validators !== undefined) {
      const fields = answer.fields.clone()
      fields.delete('content-length')
      fields.text = fieldLines(fields)
      open.usual = { fields, name: file.name, coding: sibling?.coding, varies }
    }
    return { answer, open }
  }

  #send({ answer, open }: Opened, events: OriginEvents): OriginCall {
    const { fields, part } = answer
    if (fields.first('cache-control') === MUTABLE) fields.append('CDN-Cache-Control', SHARED_LIFETIME)
    if (open === undefined || part === undefined) return new ShortCall(events, headOf(answer))
    const stream = new FileStream(open, part, events, this.deps.timers)
    queueMicrotask(() => stream.begin(headOf(answer)))
    return stream
  }

  /** An answer that is no file: its status, in plain text. */
  #tell(
    events: OriginEvents,
    status: number,
    fields: readonly (readonly [string, string])[],
    method: string,
  ): OriginCall {
    const text = `${status} ${STATUS_CODES[status]}\n`
    const head = Fields.of([
      ...fields,
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Length', String(text.length)],
      // A file may be there the next moment.
      ['Cache-Control', 'no-store'],
    ])
    return new ShortCall(events, { status, reason: '', fields: head }, method === 'HEAD' ? '' : text)
  }
}

function headOf({ status, fields }: FileAnswer): ResponseHead {
  return { status, reason: '', fields }
}

function askOf({ method, fields }: OriginRequest): FileAsk {
  return {
    method,
    range: fields.get('range'),
    ifRange: fields.get('if-range'),
    ifNoneMatch: fields.get('if-none-match'),
    ifModifiedSince: fields.get('if-modified-since'),
    ifMatchTags: fields.get('if-match'),
  }
}

/** Without conditions, and for the whole. */
function isPlain(ask: FileAsk): boolean {
  return (
    ask.range === undefined &&
    ask.ifNoneMatch === undefined &&
    ask.ifModifiedSince === undefined &&
    ask.ifMatchTags === undefined
  )
}

function isScript({ name, realPath }: ResolvedFile): boolean {
  return script.test(name) || script.test(realPath)
}

function preferred(siblings: readonly Sibling[], acceptEncoding: string | undefined): Sibling | undefined {
  if (siblings.length === 0) return undefined
  for (const coding of takenCodings(acceptEncoding)) {
    const sibling = siblings.find((other) => other.coding === coding)
    if (sibling !== undefined) return sibling
  }
  return undefined
}
