// Reads the section `log`: where logs go, and what stands in them.
import { dirname, resolve } from 'node:path'
import { pathMatcher, type Matcher } from '../cube/y/pattern.ts'
import { hidable, type Hidable } from '../logs/members.ts'
import type { LogConfig } from '../logs/open.ts'
import { logRows, type LogTarget } from '../logs/settings.ts'
import { memberPath } from './problem.ts'
import { readSection, type Found } from './read.ts'
import type { Surroundings } from './read-origin.ts'
import { nearest } from './spelling.ts'

/** An absent section is one without an access log. */
export function readLog(found: Found, around: Surroundings): LogConfig {
  const settings = readSection(logRows, found)
  const at = (name: string): Found => ({ ...found, path: memberPath(found.path, name) })
  const words = { off: { kind: 'off' }, stdout: { kind: 'stdout' }, stderr: { kind: 'stderr' } } as const
  const access = target(settings.access, ['off', 'stdout'], at('access'))
  const error = target(settings.error, ['stderr'], at('error'))
  if (access.kind === 'file' && error.kind === 'file' && access.path === error.path)
    found.report.amiss(memberPath(found.path, 'error'), 'is the file of the access log')
  const lines = {
    format: settings.format,
    mask: settings.mask,
    hide: new Set(readHidden(settings.hide, at('hide'))),
    clients: settings.clients,
    except: readExcept(settings.except, at('except')),
  }
  return { access, error, level: settings.level, lines, settings }

  function target(text: string, known: readonly (keyof typeof words)[], place: Found): LogTarget {
    const word = known.find((name) => name === text)
    if (word !== undefined) return words[word]
    const path = resolve(around.folder, text)
    // A path without a slash that is nearly one of the words is that word misspelled.
    const near = text.includes('/') ? undefined : nearest(text, known)
    if (near !== undefined) place.report.wrong(place.path, text, `expected a path, or '${near}'`, near)
    else if (!around.fileExists(dirname(path)))
      place.report.wrong(place.path, text, `there is no folder ${dirname(path)}`)
    return { kind: 'file', path }
  }
}

function readHidden(names: readonly string[], found: Found): Hidable[] {
  return names.flatMap((name) => {
    const known = hidable.find((each) => each === name)
    if (known === undefined)
      found.report.wrong(found.path, name, `expected some of ${hidable.join(', ')}`, nearest(name, hidable))
    return known ?? []
  })
}

function readExcept(patterns: readonly string[], found: Found): Matcher[] {
  return patterns.flatMap((pattern) => {
    const matcher = pathMatcher(pattern)
    if (typeof matcher === 'function') return matcher
    found.report.wrong(found.path, pattern, matcher.error)
    return []
  })
}
