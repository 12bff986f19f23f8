// Names that hold a digest of the content, as bundlers make them: another content has another name, so a browser need
// never ask again (RFC 8246). On purpose only what hardly anyone names by hand: a name that is missed costs a request,
// a name that is wrongly taken shows an old file for a year.
//
// Left out: names of digits alone (dates, sizes), UUIDs (which say nothing of the content), letters alone (words).

/** webpack, Rollup, Parcel, Rails: a word of hexadecimal digits, set off by a dot, dash or underscore. */
const hexWord = /(?:^|[._-])([0-9a-f]{8,64})(?=\.)/g
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
/** Vite (base64url) and esbuild (base32): eight characters before the ending of what bundlers make. */
const bundled = /[.-]([A-Za-z0-9_-]{8})\.(?:js|mjs|css|wasm|woff2)$/
/** Folders in which SvelteKit and Next.js put nothing else. */
const bundlersOwn = /\/(?:_app\/immutable|_next\/static)\//

/** Whether a path names its content, not only its place. */
export function isFingerprinted(path: string): boolean {
  if (bundlersOwn.test(path)) return true
  const name = path.slice(path.lastIndexOf('/') + 1)
  for (const [, word] of name.matchAll(hexWord))
    if (/\d/.test(word!) && /[a-f]/.test(word!)) return !uuid.test(name)
  const hash = bundled.exec(name)?.[1]
  return hash !== undefined && looksRandom(hash)
}

/** Eight characters that nobody writes: letters of both kinds and digits mixed, or capitals with several digits. */
function looksRandom(hash: string): boolean {
  if (/^[A-Z2-7]{8}$/.test(hash)) return /[2-7].*[2-7]/.test(hash) && /[A-Z].*[A-Z]/.test(hash)
  // A word with a number behind it ('Version2') is no digest.
  return /[a-z]/.test(hash) && /[A-Z]/.test(hash) && /\d/.test(hash) && !/^[A-Z]?[a-z]+[0-9]+$/.test(hash)
}
