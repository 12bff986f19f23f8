// Symfony. An answer says `private` unless the application says otherwise, and always when it used the session. What it
// says is obeyed: that is how Symfony is meant to stand behind a cache.
//
// Sources: Symfony, "HTTP Cache", "Session: Session Metadata" and "Configuring a Web Server" (symfony.com/doc), where
// no script but the front controller runs.
import type { Preset } from './preset.ts'

export const symfony: Preset = {
  name: 'symfony',
  title: 'Symfony',
  signs: [['bin/console', 'config/bundles.php'], ['symfony.lock']],
  origin: [
    {
      setting: 'noExec',
      value: ['/uploads', '/media', '/bundles', '/build', '/assets'],
      why: 'uploads under their usual names, and what assets:install and the asset builders publish',
    },
  ],
  cache: [
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'a page that all share is the same whatever campaign leads to it',
    },
    {
      setting: 'bypass.cookie',
      value: ['REMEMBERME'],
      why: 'who asked to be remembered is somebody, also before a session begins',
    },
    {
      setting: 'bypass.path',
      value: ['/_profiler/*', '/_wdt/*'],
      why: 'the profiler and its toolbar show the request before',
    },
  ],
}
