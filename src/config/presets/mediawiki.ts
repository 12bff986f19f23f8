// MediaWiki. With `$wgUseCdn` it says itself how long a page may be kept (`s-maxage`, `Vary: Cookie`) and purges what
// changes; without, it says `private`. Both are obeyed, so no lifetime is added here.
//
// Sources: "Manual:$wgUseCdn", "Manual:Varnish caching" and "Manual:Security" (mediawiki.org/wiki), and the
// .htaccess files that it is delivered with and writes (FSFileBackend); the names of cookies are
// in includes/session/CookieSessionProvider.php: a prefix, which is the name of the database, and what follows here.
import type { Preset } from './preset.ts'

export const mediawiki: Preset = {
  name: 'mediawiki',
  title: 'MediaWiki',
  signs: [['includes/WebStart.php', 'load.php']],
  origin: [
    {
      setting: 'noExec',
      value: ['/images'],
      why: 'uploads; the manual on security asks that no script runs there',
    },
    {
      setting: 'deny',
      value: ['/cache', '/includes', '/languages', '/maintenance', '/serialized', '/vendor'],
      why: 'not meant for visitors: MediaWiki closes these folders with .htaccess, which only Apache reads',
    },
    {
      setting: 'deny',
      value: ['/images/deleted', '/images/lockdir', '/images/temp'],
      why: 'uploads that were deleted, or are not published yet; closed in the same way',
    },
    {
      setting: 'deny',
      value: ['*.sqlite'],
      why: 'a database among the files of the site, with the passwords of its users',
    },
  ],
  cache: [
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'MediaWiki does nothing with the parameters of campaigns',
    },
    {
      setting: 'bypass.cookie',
      value: ['*_session', '*Token'],
      why: 'who has a session, or is remembered, sees pages of their own; they would each take a variant (Vary: Cookie)',
    },
  ],
}
