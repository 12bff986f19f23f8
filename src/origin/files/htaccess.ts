// Whether an .htaccess file closes its folder to everybody: `Require all denied` (mod_authz_core) or `Deny from all`
// (mod_access_compat), and nothing in the file that lets somebody in. That is how applications close the folders that
// are theirs alone; its other directives do not matter here, and none is carried out.
//
// Left out: folders that are open to some (a password, an address), or but for some files; closing by mod_rewrite; the
// implied refusal of `Order allow,deny`; files of the folder above, which the caller asks for by itself.

/** Sections whose content counts for every request, by name. */
const transparent = new Set(['requireall', 'requireany', 'ifversion'])
/** Modules that access is decided by; what is said if another is there, or is not, may never come to pass. */
const accessModule = /^!?"?(?:mod_)?(?:auth|access)/
/** Patterns of <Files> and <FilesMatch> that every name matches. */
const everyFile = /^"?(?:\*|\.|\.\*|\.\+|\^\.\*\$)"?$/

/** Whether nobody may see what lies in the folder of a file with this content. */
export function deniesAll(text: string): boolean {
  let denied = false
  /** Of the sections that are open: whether what they say counts for every request. */
  const open: boolean[] = []
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split('\n')) {
    const directive = line.trim().toLowerCase()
    if (directive.startsWith('</')) {
      open.pop()
      continue
    }
    const section = /^<(\w+)\s*(.*?)\s*>$/.exec(directive)
    if (section !== null) {
      open.push(countsForAll(section[1]!, section[2]!))
      continue
    }
    const [name, ...words] = directive.split(/\s+/)
    const rest = words.join(' ')
    switch (name) {
      case 'require':
        if (rest !== 'all denied') return false
        denied ||= open.every((counts) => counts)
        break
      case 'deny':
        if (rest === 'from all') denied ||= open.every((counts) => counts)
        break
      case 'allow':
        return false
      case 'satisfy':
        if (rest === 'any') return false
        break
      default:
    }
  }
  return denied
}

function countsForAll(section: string, argument: string): boolean {
  switch (section) {
    case 'ifmodule':
      return accessModule.test(argument)
    case 'files':
    case 'filesmatch':
      return everyFile.test(argument.replace(/^~\s*/, ''))
    default:
      return transparent.has(section)
  }
}
