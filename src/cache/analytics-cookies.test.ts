// The list itself.
import { describe, expect, test } from 'bun:test'
import { cookieMatcher, withoutCookies } from '../http/cookies.ts'
import { analyticsCookies } from './analytics-cookies.ts'

const matches = cookieMatcher(analyticsCookies)

describe('analyticsCookies', () => {
  test.each([
    '_ga',
    '_ga_ABC123',
    '_gid',
    '_fbp',
    '_pk_id.1.1fff',
    '_hjSession_12',
    '_clck',
    'sbjs_current',
    'mp_0a_mixpanel',
  ])('%s is hidden', (name) => {
    expect(matches(name)).toBe(true)
  })

  test.each([
    'PHPSESSID',
    'session',
    'wordpress_logged_in_x',
    'woocommerce_cart_hash',
    'wp_woocommerce_session_x',
    'laravel_session',
    'XSRF-TOKEN',
    'csrftoken',
    'lang',
    'currency',
    '_gaexp',
    'cf_clearance',
    '_vwo_uuid',
    'CookieConsent',
    'ga',
    '_session_id',
    '__Host-sid',
    '__cf_bm',
    '_csrf',
    'connect.sid',
    '_shopify_s',
    'next-auth.session-token',
    'amp_token',
    'is_unique',
  ])('%s is not', (name) => {
    expect(matches(name)).toBe(false)
  })

  test('a visitor with only such cookies has none', () => {
    const field = '_ga=GA1.1.5.6; _gid=GA1.1.7.8; _ga_X1=GS1.1; _fbp=fb.1.2.3'
    expect(withoutCookies(field, matches)).toBeUndefined()
  })

  test('no name stands twice, and a pattern begins with enough to be sure', () => {
    expect(new Set(analyticsCookies).size).toBe(analyticsCookies.length)
    for (const pattern of analyticsCookies) expect(pattern).toMatch(/^[\w.]{2}/)
  })
})
