// Reads the section `errors` of a page rule: pages by status, as files or as paths of the site.
import { extname, join } from 'node:path'
import { ERROR_PAGE_BYTES_MAX, ErrorPages, statusPattern, type ErrorPage } from '../cube/y/rule-errors.ts'
import { normalTarget } from '../http/target.ts'
import type { Surroundings } from './read-origin.ts'
import { listed, members, type Found } from './read.ts'
import { formatBytes } from './units.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json',
}

const expected = "expected a file such as './errors/404.html', or a path of the site such as '/errors/404'"

/** The pages; undefined when there are none. */
export function readErrorPages(found: Found, around: Surroundings): ErrorPages | undefined {
  if (found.value === undefined) return undefined
  const pages = new Map<string, ErrorPage>()
  for (const [status, at] of members(found, "an object such as { '404': './errors/404.html' }") ?? []) {
    if (!statusPattern.test(status))
      at.report.wrong(found.path, status, "expected a status from 400 to 599, '4xx' or '5xx'")
    const page = readPage(at, around)
    if (page !== undefined) pages.set(status, page)
  }
  return pages.size === 0 ? undefined : new ErrorPages(pages)
}

function readPage(found: Found, around: Surroundings): ErrorPage | undefined {
  const { value, path, report } = found
  if (typeof value !== 'string' || value === '') {
    report.wrong(path, value, expected)
    return undefined
  }
  if (!value.startsWith('/')) return readFile(found, value, around)
  const pathAndQuery =
    /^\/[\u0021-\u007e]*$/.test(value) && !/[#\\"<>]/.test(value) ? normalTarget(value) : undefined
  if (pathAndQuery === undefined) report.wrong(path, value, expected)
  return pathAndQuery === undefined ? undefined : { kind: 'path', pathAndQuery }
}

function readFile(found: Found, file: string, around: Surroundings): ErrorPage | undefined {
  const type = types[extname(file).toLowerCase()]
  if (type === undefined) {
    found.report.wrong(found.path, file, `${expected}, which ends in ${listed(Object.keys(types), 'or')}`)
    return undefined
  }
  const body = around.readFile(join(around.folder, file))
  if (body === undefined) found.report.wrong(found.path, file, 'no such file')
  else if (body.length > ERROR_PAGE_BYTES_MAX)
    found.report.wrong(found.path, file, `larger than ${formatBytes(ERROR_PAGE_BYTES_MAX)}`)
  return body === undefined ? undefined : { kind: 'file', file, type, body }
}
