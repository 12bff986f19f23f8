// The bytes that the origin sends: HTML that compresses about as a real page does (to a fifth), told by its URL alone;
// and, for large bodies, a block of noise that is repeated, so that both ends can check what arrived.
import { seededRandom } from './zipf.ts'

/** The size of an ordinary page. */
export const pageBytes = 8 * 1024

const words =
  'evening concert reading museum garden walk workshop open free child family stage hall street music film light river town guided tour dance jazz choir market summer tickets entrance doors from until every week place near bridge'.split(
    ' ',
  )

const filler = paragraphs(512 * 1024)

/** The page at `path`, exactly `bytes` long (at least 128). */
export function pageOf(path: string, bytes: number): Uint8Array<ArrayBuffer> {
  const head = `<!doctype html><html lang="en"><head><title>${path}</title></head><body>\n`
  const tail = '</body></html>\n'
  const page = Buffer.allocUnsafe(bytes)
  let from = Bun.hash.crc32(path) % filler.length
  for (let at = head.length; at < bytes; from = 0) at += filler.copy(page, at, from)
  page.latin1Write(head, 0)
  page.latin1Write(tail, bytes - tail.length)
  return page
}

/** What `/stream` repeats. */
export const patternBlock = Uint8Array.from({ length: 64 * 1024 }, byteOfNoise(7))

function byteOfNoise(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.floor(random() * 256)
}

function paragraphs(bytes: number): Buffer {
  const random = seededRandom(1)
  const text: string[] = []
  for (let length = 0; length < bytes;) {
    const day = 1 + Math.floor(random() * 28)
    const sentence = Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)]).join(' ')
    const line = `<li class="event"><time datetime="2026-05-${day}">${day} May</time> <p>${sentence}.</p></li>\n`
    text.push(line)
    length += line.length
  }
  return Buffer.from(text.join('').slice(0, bytes), 'latin1')
}
