// WordPress. It tells caches nothing about its pages: what a visitor without cookies sees carries no `Cache-Control`, no
// validator and no `Vary`, and is the same for all of them. Whoever is known to it has one of the cookies below.
//
// Sources: WordPress, "Cookies" (developer.wordpress.org/advanced-administration/wordpress/cookies) and
// wp-includes/default-constants.php for the names; "Hardening WordPress" (developer.wordpress.org/advanced-administration/
// security/hardening) for uploads
// and for what is denied, "Debugging in WordPress" (…/debug/debug-wordpress) for the log; WooCommerce, "How to configure caching plugins for WooCommerce" (woocommerce.com/document)
// for what a shop wants uncached.
import type { Preset } from './preset.ts'

export const wordpress: Preset = {
  name: 'wordpress',
  title: 'WordPress',
  signs: [['wp-includes/version.php', 'wp-blog-header.php']],
  origin: [
    {
      setting: 'noExec',
      value: ['/wp-content/uploads'],
      why: 'uploads are pictures and documents; a script among them was put there by an attacker',
    },
    {
      setting: 'deny',
      value: ['wp-config.*', '/wp-admin/includes'],
      why: 'the password of the database, in copies that nothing executes, and libraries; its guide on hardening has them closed by .htaccess',
    },
    {
      setting: 'deny',
      value: ['*.log', 'error_log', '*.sql'],
      why: 'wp-content/debug.log and its like tell of visitors and of faults; dumps of the database hold everything',
    },
  ],
  cache: [
    {
      setting: 'ttl',
      value: '60s',
      why: 'pages give no lifetime; a change is seen by everybody within a minute, or at once after a purge',
    },
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'WordPress does nothing with the parameters of campaigns',
    },
    {
      setting: 'bypass.cookie',
      value: ['wordpress_logged_in_*', 'wordpress_sec_*', 'wordpress_rec_*'],
      why: 'who is logged in, or repairs the site, sees pages of their own',
    },
    {
      setting: 'bypass.cookie',
      value: ['comment_author_*', 'wp-postpass_*'],
      why: 'who has commented sees that comment before it is approved; who knows its password, a protected post',
    },
    {
      setting: 'bypass.cookie',
      value: ['woocommerce_items_in_cart', 'woocommerce_cart_hash', 'wp_woocommerce_session_*'],
      why: 'a shop shows the cart on every page',
    },
    {
      setting: 'bypass.path',
      value: ['/wp-admin/*', '/wp-login.php*', '/wp-signup.php*', '/wp-activate.php*', '/wp-json/*'],
      why: 'administration, accounts, and the interface that programs write through',
    },
    {
      setting: 'bypass.path',
      value: [
        '/wp-cron.php*',
        '/xmlrpc.php*',
        '/wp-trackback.php*',
        '/wp-comments-post.php*',
        '/wp-mail.php*',
      ],
      why: 'these do something each time',
    },
    {
      setting: 'bypass.path',
      value: ['/cart/*', '/checkout/*', '/my-account/*'],
      why: 'the pages of a WooCommerce shop that are personal, under their usual names',
    },
    {
      setting: 'cookies.ignore',
      value: ['wordpress_test_cookie'],
      why: 'set by the login page to see whether the browser takes cookies; no page depends on it',
    },
  ],
}
