// Drupal. With a lifetime set under Configuration → Performance, pages of visitors without a session say `public`, a
// lifetime and `Vary: Cookie`; without, `private`. Both are obeyed, so no lifetime is added here.
//
// Sources: "Caching to improve performance", "Using Varnish with Drupal" and "Securing file permissions and ownership"
// (drupal.org/docs); the names of session cookies are in core/lib/Drupal/Core/Session/SessionConfiguration.php.
import type { Preset } from './preset.ts'

export const drupal: Preset = {
  name: 'drupal',
  title: 'Drupal',
  signs: [['core/lib/Drupal.php'], ['includes/bootstrap.inc', 'misc/drupal.js']],
  origin: [
    {
      setting: 'noExec',
      value: ['/sites/*/files'],
      why: 'uploads of every site; Drupal closes this folder with .htaccess, which only Apache reads',
    },
    {
      setting: 'noExec',
      value: ['/vendor', '/sites/*/private'],
      why: 'libraries, whose test tools would run what a stranger sends, and private uploads: closed by .htaccess alone, too',
    },
  ],
  cache: [
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'Drupal does nothing with the parameters of campaigns',
    },
    {
      setting: 'bypass.cookie',
      value: ['SESS*', 'SSESS*'],
      why: 'Drupal begins a session for those alone who log in or leave something behind',
    },
    {
      setting: 'bypass.cookie',
      value: ['NO_CACHE', 'PERSISTENT_LOGIN_*'],
      why: 'set by modules for who has just written something, and for who is remembered',
    },
    {
      setting: 'bypass.path',
      value: ['/admin/*', '/user/*', '/cron/*', '/update.php*', '/core/install.php*'],
      why: 'administration, accounts, and what does something each time',
    },
    {
      setting: 'cookies.ignore',
      value: ['has_js'],
      why: 'set by scripts of Drupal 7 for every visitor; no page depends on it',
    },
  ],
}
