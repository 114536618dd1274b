import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { openApiDocument } from './openapi.ts';
import { docsPage } from './docs-page.ts';

/** Set by hand and on pages only: helmet would cost every settlement six microseconds for headers that no API client reads. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // A display's address holds its token.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-cache',
};

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

function page(type: keyof typeof TYPES, body: string): RequestHandler {
  const bytes = Buffer.from(body);
  const headers = { ...PAGE_HEADERS, 'content-type': TYPES[type], 'content-length': bytes.length };
  return (_request, response) => {
    response.writeHead(200, headers);
    response.end(bytes);
  };
}

function file(type: keyof typeof TYPES, name: string): RequestHandler {
  return page(type, readFileSync(new URL(`../web/${name}`, import.meta.url), 'utf8'));
}

/** A page or a part of one, by path. Read once at start: there are five, and none changes while the process runs. */
export function readPages(): Readonly<Record<string, RequestHandler>> {
  const document = openApiDocument();
  return {
    '/docs': page('html', docsPage(document)),
    '/docs.css': file('css', 'docs/docs.css'),
    '/openapi.json': page('json', JSON.stringify(document)),
    '/counter/:institution': file('html', 'counter/index.html'),
    '/counter.css': file('css', 'counter/counter.css'),
    '/counter.js': file('js', 'counter/counter.js'),
  };
}
