// DokuWiki. It begins a session with every visitor and forbids to store its pages; that is obeyed, so no lifetime is added
// here. Who may read which page and which upload only DokuWiki knows: it reads them from files in its own folder.
//
// Sources: "Web Access Security" (dokuwiki.org/security) and the .htaccess files that it is delivered with.
import type { Preset } from './preset.ts'

export const dokuwiki: Preset = {
  name: 'dokuwiki',
  title: 'DokuWiki',
  signs: [['doku.php', 'inc/init.php']],
  origin: [
    {
      setting: 'deny',
      value: ['/data', '/conf'],
      why: 'pages and uploads as files, past the rights that DokuWiki gives, and settings: closed by .htaccess alone, which only Apache reads',
    },
    {
      setting: 'deny',
      value: ['/bin', '/inc', '/vendor'],
      why: 'tools and libraries, which are not meant for visitors: closed by .htaccess alone, too',
    },
    {
      setting: 'deny',
      value: ['README', 'VERSION', 'COPYING', '_ht*'],
      why: 'they tell strangers which version to attack; closed by the .htaccess that DokuWiki proposes',
    },
  ],
  cache: [
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'DokuWiki does nothing with the parameters of campaigns',
    },
  ],
}
