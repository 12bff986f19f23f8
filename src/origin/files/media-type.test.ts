import { expect, test } from 'bun:test'
import { MediaTypes } from './media-type.ts'

test.each([
  ['/index.html', 'text/html; charset=utf-8', true],
  ['/STYLE.CSS', 'text/css; charset=utf-8', true],
  ['/app.mjs', 'text/javascript; charset=utf-8', true],
  ['/app.cjs', 'text/javascript; charset=utf-8', true],
  ['/data.json', 'application/json', true],
  ['/logo.svg', 'image/svg+xml', true],
  ['/favicon.ico', 'image/x-icon', true],
  ['/photo.jpg', 'image/jpeg', false],
  ['/font.woff2', 'font/woff2', false],
  ['/film.mp4', 'video/mp4', false],
  ['/archive.tar.gz', 'application/gzip', false],
  ['/LICENSE', 'application/octet-stream', false],
  ['/a.css/LICENSE', 'application/octet-stream', false],
  ['/odd.constructor', 'application/octet-stream', false],
  ['/odd.', 'application/octet-stream', false],
])('%s is %s', (path, contentType, isCompressible) => {
  const types = new MediaTypes('utf-8')
  expect(types.of(path)).toEqual({ contentType, isCompressible })
  expect(types.of(path)).toEqual({ contentType, isCompressible })
})

test('text is told in the character set of the site', () => {
  expect(new MediaTypes('iso-8859-1').of('/old.html').contentType).toBe('text/html; charset=iso-8859-1')
})
