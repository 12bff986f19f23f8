import { expect, test } from 'bun:test'
import { isFingerprinted } from './fingerprint.ts'

test.each([
  '/app.3f9a1c07.js',
  '/static/css/main.8c7e1a2b4d.css',
  '/assets/application-5f0c8d9e7a6b4c3d2e1f5f0c8d9e7a6b4c3d2e1f5f0c8d9e7a6b4c3d2e1f1a2b.css',
  '/assets/index-B7x_kQ2z.js',
  '/app-2VJXQ7ZR.js',
  '/1f0a9b8c7d6e5f40.png',
  '/_next/static/chunks/main.js',
  '/_app/immutable/entry/start.js',
  '/fonts/inter.0c89a48f.woff2',
])('%s tells its content', (path) => {
  expect(isFingerprinted(path)).toBe(true)
})

test.each([
  '/app.js',
  '/photo-20240115.jpg',
  '/2024/01/IMG-20240115-WA0001.jpg',
  '/wp-content/uploads/team-1024x768.jpg',
  '/jquery-3.7.1.min.js',
  '/facade.css',
  '/deadbeef.css',
  '/c56a4180-65aa-42ec-a945-5fd21dec0538.jpg',
  '/assets/team-Holiday1.js',
  '/assets/team-holidays.js',
  '/assets/Version2.js',
  '/INVOICES.css',
  '/abc123.js',
  '/3f9a1c07',
  '/',
])('%s does not', (path) => {
  expect(isFingerprinted(path)).toBe(false)
})
