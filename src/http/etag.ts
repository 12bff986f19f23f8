// Entity tags (RFC 9110 §8.8.3): comparison, lists, and weakening. A tag is kept as its sender spelled it; one without
// quotes, which some applications send, is compared by its text, is never strong, and so is never used where a wrong
// match would damage a body.

/** The entity tags of an If-Match or If-None-Match field, as spelled; '*' for any. */
export function parseEntityTags(value: string): readonly string[] | '*' {
  const text = value.trim()
  if (text === '*') return '*'
  const tags: string[] = []
  let at = 0
  while (at < text.length) {
    const comma = endOfTag(text, at)
    const tag = text.slice(at, comma).trim()
    if (tag !== '') tags.push(tag)
    at = comma + 1
  }
  return tags
}

/** Whether an If-None-Match (weak comparison, §13.1.2) holds this tag, or is '*'. */
export function weaklyListed(value: string, tag: string | undefined): boolean {
  if (value === tag) return true
  if (value === '*') return true
  if (tag === undefined) return value.trim() === '*'
  // Without a comma and a quote before it there is one tag only, and no array to make.
  if (!value.includes(',')) return value.trim() === '*' || weakMatch(value.trim(), tag)
  const tags = parseEntityTags(value)
  return tags === '*' || tags.some((listed) => weakMatch(listed, tag))
}

/** Whether a tag is well-formed and strong. */
export function isStrong(tag: string): boolean {
  return tag.length >= 2 && tag.startsWith('"') && tag.indexOf('"', 1) === tag.length - 1
}

/** Strong comparison (§8.8.3.2): both strong, and the same. */
export function strongMatch(a: string, b: string): boolean {
  return a === b && isStrong(a)
}

/** Weak comparison (§8.8.3.2): the same but for weakness. */
export function weakMatch(a: string, b: string): boolean {
  return a === b || opaque(a) === opaque(b)
}

/** The tag as a weak one; a tag that is not well-formed stays as it is. */
export function weakened(tag: string): string {
  return isStrong(tag) ? `W/${tag}` : tag
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** The position of the comma that ends the tag starting at `at`; commas within quotes belong to the tag. */
function endOfTag(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (text[i] === ',') return i
    if (text[i] !== '"') continue
    const close = text.indexOf('"', i + 1)
    if (close < 0) return text.length
    const end = text.indexOf(',', close + 1)
    return end < 0 ? text.length : end
  }
  return text.length
}
