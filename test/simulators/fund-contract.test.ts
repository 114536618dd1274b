import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fundContractDocument } from '../../src/http/fund-contract.ts';
import type { PersonCopyBody } from '../../src/http/schemas/persons.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';

const committed = readFileSync(new URL('../../config/fund-openapi.json', import.meta.url), 'utf8');

type Content = Record<'application/json', { schema: { $ref: string } }>;
interface Document {
  readonly paths: Record<string, Record<string, { responses: Partial<Record<string, { content: Content }>> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}
const document = JSON.parse(committed) as Document;

/** A schema of the committed document, made into one that answers can be held against. */
function schemaOf(path: string, method: string, status: number): z.ZodType {
  const $ref = document.paths[path]?.[method]?.responses[String(status)]?.content['application/json'].schema.$ref;
  expect($ref, `${method} ${path} may answer ${status}`).toBeDefined();
  const text = JSON.stringify({ $ref, $defs: document.components.schemas });
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as z.core.JSONSchema.JSONSchema,
  );
}

function simulatedPerson(personId: string, changes: Partial<PersonCopyBody> = {}): PersonCopyBody {
  return {
    personId,
    name: '沈小芬',
    scheme: 'employee',
    birthDate: '1961-05-06',
    status: 'active',
    severeDisability: false,
    student: false,
    familyDoctor: true,
    civilServant: false,
    medicalAid: 'none',
    coverage: [{ from: '2000-01-01', state: 'active' }],
    registrations: [],
    filings: [],
    sharesAccountWith: [],
    asOf: '2026-11-24T08:00:00.000+08:00',
    balances: {
      contains: { eventSequence: 0 },
      accounts: { current: '100.00', carried: '0.00' },
      accumulators: [{ bucket: '2026-01-01', name: 'paid', value: '5.00' }],
    },
    ...changes,
  };
}

describe('the fund contract', () => {
  let fund: FundServer;

  beforeAll(async () => {
    fund = await startFundServer();
    fund.members.enrol(Array.from({ length: 5 }, (_, at) => simulatedPerson(`p${at}`)));
  });

  afterAll(() => fund.stop());

  async function ask(method: 'get' | 'post', path: string, url = path, body?: unknown) {
    const response = await fetch(fund.url + url, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const content = (await response.json()) as Record<string, unknown>;
    expect(schemaOf(path, method, response.status).parse(content)).toEqual(content);
    return { status: response.status, content };
  }

  it('is committed as it is generated', () => {
    expect(committed).toBe(`${JSON.stringify(fundContractDocument(), null, 2)}\n`);
  });

  it('refers to nothing that is not there', () => {
    const references = committed.matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g);
    expect(
      Array.from(references, ([, name]) => name!).filter((name) => !(name in document.components.schemas)),
    ).toEqual([]);
  });

  it('looks at one person', async () => {
    fund.members.spend({ personId: 'p1', accumulators: [{ bucket: '2026-01-01', name: 'paid', change: '2.50' }] });
    const { content } = await ask('post', '/eligibility', undefined, { personId: 'p1' });
    expect(content).toMatchObject({
      person: { personId: 'p1', balances: { contains: { eventSequence: 1 }, accumulators: [{ value: '7.50' }] } },
    });
    expect(await ask('post', '/eligibility', undefined, { personId: 'x' })).toMatchObject({ status: 404 });
    expect(await ask('post', '/eligibility', undefined, {})).toMatchObject({ status: 400 });
  });

  it('pages through persons and events, and goes on where it was', async () => {
    const first = await ask('get', '/persons', '/persons?limit=3');
    expect(first.content).toMatchObject({ persons: [{ personId: 'p0' }, {}, {}], more: true });
    const rest = await ask('get', '/persons', `/persons?after=${String(first.content['next'])}`);
    expect(rest.content).toMatchObject({ persons: [{ personId: 'p3' }, { personId: 'p4' }], more: false });
    fund.members.enrol([simulatedPerson('p0', { name: '新' })]);
    const changed = await ask('get', '/persons', `/persons?after=${String(rest.content['next'])}`);
    expect(changed.content).toMatchObject({ persons: [{ personId: 'p0', name: '新' }], more: false });
    expect((await ask('get', '/persons', '/persons?limit=0')).status).toBe(400);
    for (let turn = 0; turn < 4; turn++) fund.members.spend({ personId: 'p2', accumulators: [] });
    const events = await ask('get', '/accumulator-events', '/accumulator-events?after=1&limit=2');
    expect(events.content).toMatchObject({ events: [{ sequence: 1 }, { sequence: 2 }], next: '3', more: true });
  });

  it('exchanges files by id and hash', async () => {
    const content = 'a,b\n1,2\n';
    const sha256 = createHash('sha256').update(content).digest('hex');
    const file = { fileId: 'r-1', kind: 'reconciliation' as const, businessDate: '2026-11-24', sha256, content };
    expect(await ask('post', '/files', undefined, file)).toEqual({ status: 200, content: { fileId: 'r-1', sha256 } });
    expect((await ask('post', '/files', undefined, file)).status).toBe(200);
    expect((await ask('post', '/files', undefined, { ...file, content: 'x' })).status).toBe(400);
    const other = { ...file, content: 'x', sha256: createHash('sha256').update('x').digest('hex') };
    expect(await ask('post', '/files', undefined, other)).toMatchObject({
      status: 409,
      content: { code: 'FILE_DIFFERS' },
    });
    fund.offer(file);
    expect((await ask('get', '/files')).content).toMatchObject({ files: [{ fileId: 'r-1' }], more: false });
    expect((await ask('get', '/files/{fileId}', '/files/r-1')).content).toEqual(file);
    expect((await ask('get', '/files/{fileId}', '/files/none')).status).toBe(404);
  });

  it('does what is asked and is silent about it, doubles and swaps, or answers with something else', async () => {
    const get = (path: string) => fetch(fund.url + path, { signal: AbortSignal.timeout(150) });
    const sequences = async () =>
      ((await (await get('/accumulator-events')).json()) as { events: { sequence: number }[] }).events;
    const before = (await sequences()).length;
    fund.setFaults({ duplicate: true, outOfOrder: true });
    const upset = await sequences();
    expect(upset).toHaveLength(before * 2);
    expect(upset.map(({ sequence }) => sequence)).not.toEqual(upset.map(({ sequence }) => sequence).toSorted());

    fund.setFaults({ silent: true });
    const messages = [{ messageId: 'n', topic: 'clearing-notice', windowId: 1, businessDate: '2026-11-24' }];
    const notice = { ...messages[0], region: '320509', position: { receivable: '0.00', payable: '0.00', net: '0.00' } };
    const body = JSON.stringify({ messages: [{ ...notice, statements: [] }] });
    const asked = fetch(`${fund.url}/messages`, { method: 'POST', body, signal: AbortSignal.timeout(150) });
    await expect(asked).rejects.toThrow();
    expect(fund.state().messages['clearing-notice']).toBe(1);

    fund.setFaults({ wrongAnswer: 'html' });
    expect(await (await get('/persons')).text()).toContain('<html>');
    fund.setFaults({ wrongAnswer: 'errorInside' });
    expect(await (await get('/persons')).json()).toMatchObject({ error: { code: 'FUND-4711' } });
    fund.setFaults({});
  });
});
