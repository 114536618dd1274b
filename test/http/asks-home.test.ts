import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { takePersons } from '../../src/app/funds/take-persons.ts';
import type { RunningService } from '../../src/main.ts';
import { shanghaiInstant } from '../../src/platform/instant.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { postedBill } from '../support/posted-bill.ts';
import { prepareGround, startOn, startWorkerOn, type Ground, type TestService } from '../support/service.ts';
import { HOME, writeHomeTerms } from '../support/service-rules.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { simulatedPerson } from '../support/simulated-person.ts';

let ground: Ground;
let service: TestService;
let fund: FundServer;
const running: Pick<RunningService, 'stop'>[] = [];

beforeAll(async () => {
  ground = await prepareGround('mariadb');
  writeHomeTerms(ground.configDir);
  fund = await startFundServer({ now: () => service.clock.now() });
  running.push(fund);
  service = await startOn(ground, { fundUrls: new Map([[HOME, fund.url]]) });
  running.push(service);
  const { database, rules, clock } = service;
  const deps = { copies: database.copyStore, rulebook: () => rules.rulebook, clock };
  const old = (id: string) => {
    return { person: samplePerson(id).person, balances: undefined, asOfMs: clock.now() - 25 * 3_600_000 };
  };
  expect(await takePersons(deps, HOME, [old('p1'), old('p2')])).toMatchObject([{ kind: 'taken' }, { kind: 'taken' }]);
  const asOf = shanghaiInstant(clock.now());
  const balances = {
    contains: { eventSequence: 0 },
    accounts: { current: '10000.00', carried: '5000.00' },
    accumulators: [],
  };
  const poor = { asOf, balances, medicalAid: 'lowIncome' } as const;
  fund.members.enrol([simulatedPerson('p1', poor), simulatedPerson('p2', poor)]);
});

afterAll(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
  ground.remove();
});

const settle = (personId: string) =>
  service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill({ personId }) });
const stateOf = async (id: string) =>
  (await service.call('GET', `/v1/settlements/${id}`, { as: 'hospital' })).body.provisional?.state;

it('asks the home fund’s own system over HTTP before it settles from an old copy', async () => {
  const { status, body } = await settle('p1');
  expect([status, body.provisional, body.shares.funds.medicalAid]).toEqual([201, undefined, '40.00']);
});

it('stands in while that system is silent, and corrects by itself when it is back', async () => {
  fund.setFaults({ silent: true });
  const { status, body } = await settle('p2');
  expect([status, body.provisional?.reason]).toEqual([201, 'PARTNER_TIMEOUT']);
  running.push(await startWorkerOn(ground, service.clock, { fundUrls: new Map([[HOME, fund.url]]) }));
  expect(await stateOf(body.settlementId)).toBe('provisional');
  fund.setFaults({});
  const corrected = async (): Promise<void> => {
    service.clock.nowMs += 1000;
    expect(await stateOf(body.settlementId)).toBe('corrected');
  };
  await vi.waitFor(corrected, { timeout: 30_000, interval: 200 });
}, 40_000);
