// Drupal. With a lifetime set under Configuration → Performance, pages of visitors without a session say `public`, a
// lifetime and `Vary: Cookie`; without, `private`. Both are obeyed, so no lifetime is added here.
//
// Sources: "Caching to improve performance", "Using Varnish with Drupal" and "Securing file permissions and ownership"
// (drupal.org/docs), and
// the .htaccess that it is delivered with (core/assets/scaffold/files/htaccess); the names of session cookies are in core/lib/Drupal/Core/Session/SessionConfiguration.php.
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
      setting: 'deny',
      value: ['/vendor', '/sites/*/private', '/sites/*/files/private'],
      why: 'libraries, whose test tools would run what a stranger sends, and private uploads: closed by .htaccess alone, too',
    },
    {
      setting: 'deny',
      value: ['/sites/*/files/config_*', '/sites/*/files/php'],
      why: 'exported settings and compiled templates, which lie among the uploads: closed in the same way',
    },
    {
      setting: 'deny',
      value: ['*.engine', '*.inc', '*.install', '*.make', '*.module', '*.profile', '*.sh', '*.theme'],
      why: 'code that is not called .php; the .htaccess in its folder keeps it from visitors',
    },
    {
      setting: 'deny',
      value: ['*.mysql', '*.pgsql', '*.po', '*.sql', '*.tpl', '*.tpl.php', '*.twig', '*.xtmpl', '*.yml'],
      why: 'dumps, translations, templates and settings, which the same file keeps from visitors',
    },
    {
      setting: 'deny',
      value: ['composer.json', 'composer.lock', 'package.json', 'yarn.lock', 'web.config'],
      why: 'they tell strangers which versions to attack; the same file keeps them from visitors',
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
