// Which .htaccess files close their folder: as applications write them.
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { deniesAll } from './htaccess.ts'

const both = `
<IfModule mod_authz_core.c>
    Require all denied
</IfModule>
<IfModule !mod_authz_core.c>
    Order allow,deny
    Deny from all
</IfModule>
`

test.each([
  ['one line', 'Deny from all'],
  ['the other line', 'Require all denied\nSatisfy All\n'],
  ['for both versions of Apache', `## no access to this folder\n${both}`],
  ['with carriage returns and capitals', both.replaceAll('\n', '\r\n').toUpperCase()],
  ['with a line that goes on', 'Require \\\n  all   denied'],
  ['for all files', '<Files "*">\n  Require all denied\n</Files>'],
  ['for all files, by an expression', '<FilesMatch ".*">\nOrder Allow,Deny\nDeny from all\n</FilesMatch>'],
  [
    'beside what forbids scripts',
    `${both}
Options -Indexes -ExecCGI
SetHandler None
<Files *>
  SetHandler None_at_all
</Files>
<IfModule mod_php.c>
  php_flag engine off
</IfModule>`,
  ],
  ['of all that is required', '<RequireAll>\nRequire all denied\n</RequireAll>'],
])('closed: %s', (_, text) => {
  expect(deniesAll(text)).toBe(true)
})

test.each([
  ['nothing', ''],
  ['remarks', '# Require all denied\n#Deny from all'],
  ['rewriting', 'RewriteEngine On\nRewriteRule . /index.php [L]'],
  ['scripts alone', '<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>'],
  ['some names', '<Files ~ "^([\\._]ht|README$)">\nDeny from all\n</Files>'],
  ['all but some files', `${both}<FilesMatch "\\.css$">\nRequire all granted\n</FilesMatch>`],
  ['all but an address', 'Order deny,allow\nDeny from all\nAllow from 127.0.0.1'],
  ['all but a network', 'Require all denied\nRequire ip 10'],
  ['a password', 'AuthType Basic\nRequire valid-user'],
  ['a password or nothing', 'Deny from all\nSatisfy any'],
  ['an address', 'Deny from 192.0.2.1'],
  ['some methods', '<Limit POST>\nDeny from all\n</Limit>'],
  ['where a module is missing', '<IfModule !mod_rewrite.c>\nDeny from all\n</IfModule>'],
  ['nobody in particular', '<RequireNone>\nRequire all denied\n</RequireNone>'],
])('not closed: %s', (_, text) => {
  expect(deniesAll(text)).toBe(false)
})

test('property: any text is read, and what lets somebody in always opens', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'Deny from all',
      'Require all denied',
      '<Files *>',
      '</Files>',
      '<IfModule x>',
      '</',
      '<',
      '\\',
    ),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      deniesAll(before.join('\n'))
      expect(deniesAll([...before, '', 'Require all granted', ...after].join('\n'))).toBe(false)
    }),
  )
})
