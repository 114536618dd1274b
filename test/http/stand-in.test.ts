import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takePersons } from '../../src/app/funds/take-persons.ts';
import type { FreshLook } from '../../src/app/standin/ports.ts';
import { resolveProvisionals } from '../../src/app/standin/resolve-provisionals.ts';
import { AppError } from '../../src/platform/errors.ts';
import { openDisplay } from '../support/event-stream.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { prepareGround, startOn, type Ground, type TestService } from '../support/service.ts';
import { HOME, writeHomeTerms } from '../support/service-rules.ts';
import { samplePerson } from '../support/settlement-samples.ts';

describe('a counter whose home fund does not answer', () => {
  let ground: Ground;
  let service: TestService;
  let isAway = true;
  let settlementId: string;

  /** The fund's answer: the patient is poor by now. */
  async function tell(changes: object, copyAgeMs = 0): Promise<void> {
    const { database, rules, clock } = service;
    const deps = { copies: database.copyStore, rulebook: () => rules.rulebook, clock };
    const { person } = samplePerson('p1', changes);
    const copy = { person, balances: undefined, asOfMs: clock.now() - copyAgeMs };
    expect(await takePersons(deps, HOME, [copy])).toMatchObject([{ kind: 'taken' }]);
  }

  const freshLook: FreshLook = {
    async refresh() {
      if (isAway) throw new AppError('PARTNER_TIMEOUT', 'no answer', { status: 504, retryable: true });
      await tell({ medicalAid: 'lowIncome' });
      return true;
    },
  };

  beforeAll(async () => {
    ground = await prepareGround('sqlite');
    writeHomeTerms(ground.configDir);
    service = await startOn(ground, {
      freshLook: () => freshLook,
      fundUrls: new Map([[HOME, 'http://127.0.0.1:1']]),
    });
    await tell({}, 25 * 3_600_000);
  });

  afterAll(async () => {
    await service.stop();
    ground.remove();
  });

  it('is answered with a provisional settlement', async () => {
    const bill = postedBill();
    const first = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(first.status).toBe(201);
    expect(first.body.provisional).toEqual({ state: 'provisional', reason: 'PARTNER_TIMEOUT' });
    const again = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(again).toMatchObject({ status: 200, body: { repeat: true, provisional: { state: 'provisional' } } });
    settlementId = first.body.settlementId;
    const { partners } = (await service.call('GET', '/v1/partners', { as: 'homeFund' })).body;
    // 1,000 less the deductible of 600, 80 % of it, and 680 from the account.
    expect(partners[0]?.exposure).toEqual({ open: '1000.00', settlements: 1, today: '1000.00', todayMax: '5000.00' });
    expect((await service.call('GET', '/metrics')).text).toContain(
      `tongjie_partner_exposure_yuan{partner="${HOME}",of="open"} 1000`,
    );
  });

  it('is told what to do with a bill beyond the limits, which is handed over', async () => {
    const body = postedBill({ total: '2000.00', lines: [postedLine('2000.00')] });
    const answer = await service.call('POST', '/v1/settlements', { as: 'hospital', body });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'STAND_IN_REFUSED', retryable: true, limit: 'amount', homeRegion: HOME },
    });
    expect(answer.body.help).toContain('tell the patient');
    const cases = await service.call('GET', '/v1/cases', { as: 'homeClerk' });
    expect(cases.body.cases).toMatchObject([
      { reason: 'standInRefused', billNumber: body.billNumber, claimed: '2000.00', decidingRegion: HOME },
    ]);
  });

  it('sees the correction: by id, on the statement, at the display', async () => {
    const display = await openDisplay(`${service.url}/v1/counters/H33042100001/events?token=display`);
    await display.greeting();
    expect(await display.next()).toMatchObject({ settlementId });
    isAway = false;
    service.clock.nowMs += 1000;
    const { database, rules, clock } = service;
    const { settlementStore: store, settlementQueries: queries, provisionalStore: provisionals } = database;
    const opener = { open: () => Promise.resolve() };
    const newId = (): string => `x${String((service.clock.nowMs += 1))}`;
    const deps = { store, queries, provisionals, rulebook: () => rules.rulebook, clock, newId, freshLook };
    await resolveProvisionals({ ...deps, cases: opener, terms: () => undefined }, HOME);

    const { body } = await service.call('GET', `/v1/settlements/${settlementId}`, { as: 'hospital' });
    expect(body).toMatchObject({ status: 'reversed', provisional: { state: 'corrected' } });
    const { correctedBy = '', difference } = body.provisional!;
    expect(difference).toMatch(/^-?\d+\.\d\d$/);
    const corrected = await service.call('GET', `/v1/settlements/${correctedBy}`, { as: 'hospital' });
    expect(corrected.body).toMatchObject({
      status: 'settled',
      shares: { funds: { pool: '320.00', medicalAid: '40.00' } },
    });
    const statement = await service.call('GET', `/v1/settlements/${settlementId}/statement`, { as: 'hospital' });
    expect(statement.body.provisional).toEqual(body.provisional);
    expect(await display.next()).toMatchObject({ settlementId: correctedBy, correction: { difference } });
    display.close();
  }, 20_000);
});
