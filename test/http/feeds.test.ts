import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postedBill } from '../support/posted-bill.ts';
import { startService, type TestService } from '../support/service.ts';

const YEAR = '2026-01-01';

function event(personId: string, sequence: number, changes: object = {}) {
  return {
    eventId: `${personId}-${sequence}`,
    personId,
    sequence,
    accumulators: [{ bucket: YEAR, name: 'deducted', change: '1.00' }],
    occurredAt: '2026-11-24T09:00:00.000+08:00',
    ...changes,
  };
}

function person(personId: string, changes: object = {}) {
  return {
    personId,
    name: '沈小芬',
    scheme: 'employee',
    birthDate: '1961-05-06',
    status: 'retired',
    retiredOn: '2016-05-06',
    severeDisability: false,
    student: false,
    familyDoctor: true,
    civilServant: false,
    medicalAid: 'none',
    coverage: [{ from: '2000-01-01', state: 'active' }],
    registrations: [],
    filings: [],
    sharesAccountWith: [],
    asOf: '2026-11-24T09:00:00.000+08:00',
    ...changes,
  };
}

const balances = (changes: object = {}) => ({
  contains: { eventSequence: 0 },
  accounts: { current: '10.00', carried: '0.00' },
  accumulators: [{ bucket: YEAR, name: 'deducted', value: '100.00' }],
  ...changes,
});

describe.each(['sqlite', 'mariadb'] as const)('what funds push on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
  });

  afterAll(() => service.stop());

  const push = (events: object[], as: 'homeFund' | 'otherFund' = 'homeFund') =>
    service.call('POST', '/v1/accumulator-events', { as, body: { events } });
  const put = (id: string, body: object, as: 'homeFund' | 'otherFund' = 'homeFund') =>
    service.call('PUT', `/v1/persons/${id}`, { as, body });
  const deducted = async (id: string) => {
    const { body } = await service.call('GET', `/v1/persons/${id}/accumulators`, { as: 'hospital' });
    return body.buckets[0]?.accumulators.find(({ name }) => name === 'deducted')?.value;
  };

  it('is applied event by event, each refusal by its code', async () => {
    const { status, body } = await push([
      event('p1', 1),
      event('p1', 3),
      event('nobody', 1),
      event('local', 1),
      event('p2', 1, { accumulators: [{ bucket: YEAR, name: 'unheardOf', change: '1.00' }] }),
      event('poor', 1, { accumulators: [{ bucket: YEAR, name: 'deducted', change: '-1.00' }] }),
      event('p1', 1, { occurredAt: '2026-11-24T09:00:01.000+08:00' }),
    ]);
    expect(status).toBe(200);
    expect(body.events).toEqual([
      { eventId: 'p1-1', outcome: 'applied' },
      { eventId: 'p1-3', outcome: 'waiting', waitsFor: 2 },
      expect.objectContaining({ outcome: 'refused', code: 'UNKNOWN_PERSON' }),
      expect.objectContaining({ outcome: 'refused', code: 'UNKNOWN_PERSON' }),
      expect.objectContaining({
        code: 'NOT_UNDERSTOOD',
        fields: [expect.objectContaining({ field: 'accumulators[0]' })],
      }),
      expect.objectContaining({ code: 'BELOW_ZERO' }),
      expect.objectContaining({ code: 'EVENT_CONFLICT' }),
    ]);
    expect(await deducted('p1')).toBe('1.00');
    expect((await push([event('p1', 2), event('p1', 1)])).body.events.map(({ outcome }) => outcome)).toEqual([
      'applied',
      'repeat',
    ]);
    expect(await deducted('p1')).toBe('3.00');
    expect((await push([event('p1', 4)], 'otherFund')).body.events[0]).toMatchObject({ code: 'UNKNOWN_PERSON' });
  });

  it('is refused whole when its form is wrong, and nothing is changed', async () => {
    const { status, body } = await push([
      event('p2', 1),
      event('p2', 0, { accumulators: [{ bucket: 'x', name: '' }] }),
    ]);
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(body.fields.map(({ field }) => field)).toEqual([
      'events[1].sequence',
      'events[1].accumulators[0].bucket',
      'events[1].accumulators[0].name',
      'events[1].accumulators[0].change',
    ]);
    expect(await deducted('p2')).toBeUndefined();
    expect((await push([])).status).toBe(400);
    expect((await service.call('POST', '/v1/accumulator-events', { as: 'hospital', body: {} })).status).toBe(403);
  });

  it('puts persons into the copy, who can be billed at once', async () => {
    expect((await put('fresh', person('fresh', { balances: balances() }))).body.outcome).toBe('created');
    const bill = { ...postedBill(), personId: 'fresh', billNumber: 'FRESH-1' };
    expect((await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill })).status).toBe(201);
    const settled = await deducted('fresh');
    // The fund has not heard of the bill yet: what it used stays used.
    expect((await put('fresh', person('fresh', { balances: balances() }))).body.outcome).toBe('replaced');
    expect(await deducted('fresh')).toBe(settled);
    expect((await put('fresh', person('fresh', { asOf: '2026-11-24T08:59:59.000+08:00' }))).body.outcome).toBe(
      'outdated',
    );
  });

  it.each([
    ['another county’s', 'local', {}, 404, 'NOT_FOUND'],
    ['an id that is not that of the path', 'q1', { personId: 'q2' }, 400, 'INVALID_INPUT'],
    [
      'spans that end before they begin',
      'q1',
      { coverage: [{ from: '2020-01-02', to: '2020-01-01', state: 'active' }] },
      400,
      'INVALID_INPUT',
    ],
    ['a copy of tomorrow', 'q1', { asOf: '2026-11-25T09:00:00.000+08:00' }, 400, 'INVALID_INPUT'],
    ['an instant without offset', 'q1', { asOf: '2026-11-24T09:00:00' }, 400, 'INVALID_INPUT'],
    [
      'an accumulator that no policy has',
      'q1',
      { balances: balances({ accumulators: [{ bucket: YEAR, name: 'no', value: '1.00' }] }) },
      400,
      'INVALID_INPUT',
    ],
    [
      'an account below 0',
      'q1',
      { balances: balances({ accounts: { current: '-0.01', carried: '0.00' } }) },
      400,
      'INVALID_INPUT',
    ],
    [
      'an advice that is nobody’s',
      'q1',
      { balances: balances({ contains: { eventSequence: 0, lastAdvice: 'x' } }) },
      422,
      'UNKNOWN_ADVICE',
    ],
  ])('refuses %s', async (_what, id, changes, status, code) => {
    const answer = await put(id, person(id, changes));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await service.database.personStore.find('q1')).toBeUndefined();
  });

  it('takes many, each for itself', async () => {
    const persons = [person('m1'), person('m2', { birthDate: '2030-01-01' }), person('local'), person('m3')];
    const { body } = await service.call('POST', '/v1/persons', { as: 'homeFund', body: { persons } });
    expect(body.persons.map(({ personId, outcome, code }) => [personId, outcome, code])).toEqual([
      ['m1', 'created', undefined],
      ['m2', 'refused', 'NOT_UNDERSTOOD'],
      ['local', 'refused', 'NOT_FOUND'],
      ['m3', 'created', undefined],
    ]);
    const twice = await service.call('POST', '/v1/persons', {
      as: 'homeFund',
      body: { persons: [person('m1'), person('m1')] },
    });
    expect([twice.status, twice.body.fields[0]?.field]).toEqual([400, 'persons[1].personId']);
  });

  it('shows how the copy stands: to operators all, to a fund its own, to Prometheus as figures', async () => {
    const { body } = await service.call('GET', '/v1/feeds', { as: 'operator' });
    expect(body.feeds.map(({ region, eventsRefused }) => [region, eventsRefused])).toEqual([
      ['320509', 1],
      ['330421', 0],
    ]);
    const own = await service.call('GET', '/v1/feeds', { as: 'awayFund' });
    expect(own.body.feeds.map(({ region }) => region)).toEqual(['330421']);
    const { text } = await service.call('GET', '/metrics');
    expect(text).toContain('tongjie_copy_age_seconds{region="330421"} +Inf');
    expect(text).toContain('tongjie_fund_events_held{region="320509",state="refused"} 1');
    expect(text).toContain('tongjie_fund_pushes_total{what="event",region="320509",outcome="applied"} 2');
  });

  it('has no simulator to upset where none runs', async () => {
    const sent = { as: 'operator', body: { down: true } } as const;
    expect((await service.call('POST', '/v1/simulators/320509/faults', sent)).status).toBe(404);
    expect((await service.call('POST', '/v1/simulators/320509/faults', { ...sent, as: 'homeFund' })).status).toBe(403);
  });
});
