// `myriad check`: whether a configuration is right, and with --explain what would happen to a request.
import { originText } from '../config/origin-text.ts'
import { presetTexts } from '../config/presets/preset.ts'
import type { Site } from '../config/site.ts'
import { Fields } from '../http/fields.ts'
import type { Level } from '../logs/error-log.ts'
import { acmeCertificates } from './acme.ts'
import { certificateLines } from './certificates-view.ts'
import type { Command, Given, World } from './command.ts'
import { countriesOf } from './countries-of.ts'
import { explain, type Asked } from './explain.ts'
import { phpPlan } from './provided-php.ts'
import { configFlag, siteFrom } from './site.ts'

export const check: Command = {
  name: 'check',
  operands: '[TARGET]',
  operandsMax: 1,
  summary: 'Check the configuration, and explain what would happen to a request.',
  text: 'Shows all that is wrong with the configuration at once, and changes nothing. TARGET and FILE as for serve.',
  flags: [
    configFlag,
    { name: 'explain', value: 'URL', text: 'Explain what would happen to a request for this URL, and why.' },
    {
      name: 'field',
      short: 'H',
      value: "'NAME: VALUE'",
      many: true,
      text: 'A header field of that request.',
    },
    { name: 'method', value: 'METHOD', text: 'The method of that request; GET.' },
    {
      name: 'from',
      value: 'ADDRESS',
      text: 'The client of that request, for rules that look at its country.',
    },
  ],
  async run(given, world) {
    const asked = askedFor(given)
    if (typeof asked === 'string') {
      world.err(`myriad: ${asked}\n`)
      return 2
    }
    const found = await siteFrom(given, world)
    if (found === undefined) return 2
    const { site, recognised } = found
    const from = given.value('from')
    const country = from === undefined ? undefined : countriesOf(site)(from)
    const lines =
      asked === undefined
        ? [...summary(site), ...presetLines(site), ...acmeLines(site, world)]
        : [
            `${asked.method} ${given.value('explain')}`,
            ...explanation(site, { ...asked, country }, world.clock.nowMs()),
          ]
    if (recognised !== undefined) world.out(`${recognised}\n`)
    const php = await phpPlan(site, world)
    for (const line of php.kind === 'plan' ? php.lines : [php.text]) world.out(`${line}\n`)
    world.out(lines.map((line) => `${line}\n`).join(''))
    return 0
  },
}

function explanation(site: Site, asked: Asked, nowMs: number): readonly string[] {
  return explain(site, asked, nowMs).map(([subject, text]) => `  ${subject.padEnd(8)} ${text}`)
}

function summary(site: Site): readonly string[] {
  const listen = site.listen.map(
    ({ scheme, hostname, port }) =>
      `${scheme === 'https' ? 'https://' : ''}${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
  )
  return [
    `The configuration is right. It listens on ${listen.join(', ')}; the first route that matches wins:`,
    ...site.routes.routes.map(
      ({ name, service }) =>
        `  ${name}  from ${service.name} at ${originText(site.services[service.index]!.origin)}`,
    ),
  ]
}

/** What presets add to the configuration, as it could be written. */
function presetLines(site: Site): readonly string[] {
  return site.services.flatMap(({ service, preset }) =>
    preset === undefined
      ? []
      : [
          `The preset '${preset.name}' adds to ${service.name}:`,
          ...presetTexts(preset).map((line) => `  ${line}`),
        ],
  )
}

/** The certificates that are there and wanted. */
function acmeLines({ acme }: Site, world: World): readonly string[] {
  if (acme === undefined) return []
  const tell = (_: Level, text: string): void => void world.err(`myriad: ${text}\n`)
  const certificates = acmeCertificates(acme, { ...world, tell }, () => undefined)
  certificates.load()
  return [
    `Certificates from ${new URL(acme.directory).host}:`,
    ...certificateLines(certificates.facts(), world.clock.nowMs()),
  ]
}

/** The request to explain; undefined when none was asked for; a text when what was asked is not a request. */
function askedFor(given: Given): Asked | string | undefined {
  const url = given.value('explain')
  if (url === undefined) {
    const flag = ['field', 'method', 'from'].find((name) => given.has(name))
    return flag === undefined ? undefined : `--${flag} belongs to --explain URL`
  }
  // Not by the URL class: it would resolve what the normal form is there to show.
  const parts = /^(?:(https?):\/\/([^/?#\s]+))?(\/[^#\s]*|\?[^#\s]*|)(?:#\S*)?$/.exec(url)
  if (parts === null || url === '')
    return `--explain ${url}: expected a URL such as http://localhost/path, or a path`
  const fields = new Fields()
  for (const line of given.values('field')) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*?)\s*$/.exec(line)
    if (field === null) return `-H '${line}': expected 'Name: value'`
    fields.append(field[1]!, field[2]!)
  }
  const [, scheme, authority, target = ''] = parts
  return {
    method: given.value('method') ?? 'GET',
    scheme: scheme === 'https' ? 'https' : 'http',
    authority: fields.first('host') ?? authority ?? 'localhost',
    rawTarget: target.startsWith('/') ? target : `/${target}`,
    fields,
  }
}
