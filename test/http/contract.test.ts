import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/http/openapi.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { postedBill } from '../support/posted-bill.ts';
import { startService, type TestService } from '../support/service.ts';

const document = openApiDocument();

describe('the contract', () => {
  it('is committed as it is generated', () => {
    const committed = readFileSync(new URL('../../config/openapi.json', import.meta.url), 'utf8');
    expect(committed).toBe(`${JSON.stringify(document, null, 2)}\n`);
  });

  it('describes every route once, and refers to nothing that is not there', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations).toHaveLength(ROUTES.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
    const missing = Array.from(references, ([, name = '']) => name).filter(
      (name) => !(name in document.components.schemas),
    );
    expect(missing).toEqual([]);
  });
});

describe('what is served beside the contract', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService('sqlite');
  });

  afterAll(() => service.stop());

  it('is the contract itself, and a page of it', async () => {
    expect((await service.call('GET', '/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(document)));
    const { text } = await service.call('GET', '/docs');
    for (const { path } of ROUTES) expect(text).toContain(path.replaceAll(/:(\w+)/g, '{$1}'));
    const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(links.filter((id) => !text.includes(`id="${id}"`))).toEqual([]);
    expect(text).not.toMatch(/https?:\/\//);
    expect((await service.call('GET', '/')).headers.get('location')).toBe('/docs');
  });

  it.each(['/docs', '/docs.css', '/counter/H33042100001', '/counter.js', '/counter.css', '/openapi.json'])(
    'lets the page %s load nothing from elsewhere',
    async (path) => {
      const { status, headers } = await service.call('GET', path);
      expect(status).toBe(200);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('says that it lives and what it is ready with', async () => {
    expect((await service.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
    const { status, body } = await service.call('GET', '/readyz');
    expect([status, body.status, body.parts.database]).toEqual([200, 'ok', 'ok']);
  });

  it('counts outcomes, batches and time', async () => {
    const bill = postedBill();
    await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    await service.call('POST', '/v1/settlements', { as: 'hospital', body: { ...bill, lines: [] } });
    const { text } = await service.call('GET', '/metrics');
    expect(text).toContain('tongjie_settlements_total{outcome="settled"} 1');
    expect(text).toContain('tongjie_settlements_total{outcome="repeat"} 1');
    expect(text).toContain('tongjie_settlement_batch_size_count 2');
    expect(text).toContain('tongjie_http_request_seconds_count{route="POST /v1/settlements",status="2xx"} 2');
    expect(text).toContain('tongjie_http_request_seconds_count{route="POST /v1/settlements",status="4xx"} 1');
    expect(text).toContain('tongjie_settlement_queue 0');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('gives API answers no tag and no banner, and lets nobody keep them', async () => {
    const { headers } = await service.call('GET', '/v1/persons/p1/accumulators', { as: 'hospital' });
    expect(headers.get('etag')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
