// A target without some of its query parameters. What is removed here is removed from the key and from the request to the
// application alike: a parameter that the key does not know and the application still sees is how one visitor's page is
// made for another.
//
// Parameters are what stands between '&', named by what stands before the first '=' (WHATWG URL, section 5.1), with names as
// they are spelled: an encoded spelling of an ignored name is another parameter, in the key and for the application.

/** Tells parameters by their name. */
export type ParameterMatcher = (name: string) => boolean

/**
 * `pathAndQuery` without the ignored parameters, the others spelled as they were and in their order. When nothing is
 * ignored the text itself comes back.
 */
export function withoutParameters(pathAndQuery: string, ignored: ParameterMatcher): string {
  const question = pathAndQuery.indexOf('?')
  if (question < 0) return pathAndQuery
  let kept = ''
  let removed = false
  for (let at = question + 1; at <= pathAndQuery.length;) {
    const ampersand = pathAndQuery.indexOf('&', at)
    const end = ampersand < 0 ? pathAndQuery.length : ampersand
    const equals = pathAndQuery.indexOf('=', at)
    if (ignored(pathAndQuery.slice(at, equals < 0 || equals > end ? end : equals))) removed = true
    else kept += `${kept === '' ? '?' : '&'}${pathAndQuery.slice(at, end)}`
    at = end + 1
  }
  if (!removed) return pathAndQuery
  return kept === '?' ? pathAndQuery.slice(0, question) : pathAndQuery.slice(0, question) + kept
}
