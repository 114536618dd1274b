import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeDocument } from '../../src/app/settlement/document.ts';
import { rulesAsSettled } from '../../src/app/settlement/rules-as-settled.ts';
import { adjudicate } from '../../src/core/adjudicate/adjudicate.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { AWAY, HOME } from '../support/service-rules.ts';
import { prepareGround, startOn, type Ground, type TestService } from '../support/service.ts';

const POLICY = `policies/${HOME}/employee/2024.yaml`;
const CATALOGUE = `catalogues/${HOME}/2024-01-01.csv`;

/** A ground, one service on it, and its files to be edited; restored to what they were before every test. */
function edits(ground: () => Ground) {
  const kept = new Map<string, string>();
  return {
    edit(file: string, from: string, to: string): void {
      const path = join(ground().configDir, file);
      const before = readFileSync(path, 'utf8');
      expect(before).toContain(from);
      if (!kept.has(path)) kept.set(path, before);
      writeFileSync(path, before.replace(from, to));
    },
    restore(): void {
      for (const [path, content] of kept) writeFileSync(path, content);
    },
  };
}

describe.each(['sqlite', 'mariadb'] as const)('rules that change, on %s', (engine) => {
  let ground: Ground;
  let service: TestService;
  const { edit, restore } = edits(() => ground);

  beforeAll(async () => {
    ground = await prepareGround(engine);
    service = await startOn(ground);
  });

  beforeEach(async () => {
    restore();
    await reload();
  });

  afterAll(async () => {
    await service.stop();
    ground.remove();
  });

  const reload = () => service.call('POST', '/v1/rules', { as: 'operator' });
  const list = () => service.call('GET', '/v1/rules', { as: 'homeFund' });
  const settle = (changes: Parameters<typeof postedBill>[0] = {}) =>
    service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill(changes) });
  const statementOf = (id: string) => service.call('GET', `/v1/settlements/${id}/statement`, { as: 'homeFund' });

  it('are listed with their days, hashes and what they rest on', async () => {
    const { body } = await list();
    expect(body.policies.map(({ region, scheme, id, from }) => [region, scheme, id, from])).toEqual([
      [HOME, 'employee', `service-${HOME}`, '2024-01-01'],
      [AWAY, 'employee', `service-${AWAY}`, '2024-01-01'],
    ]);
    expect(body.policies[0]?.values).toMatchObject({ memory: 1, illustrative: 0 });
    expect(body.catalogues[0]).toMatchObject({ region: HOME, from: '2024-01-01', items: 4 });
    expect((await settle()).body).toMatchObject({
      policy: body.policies[0]?.hash,
      catalogues: [body.catalogues[0]?.hash],
    });
  });

  it('are refused whole with an error, and the next bill is settled under those in force', async () => {
    const before = await list();
    edit(CATALOGUE, 'A1,透析液', 'A1,新透析液');
    edit(POLICY, 'value: 0.80', 'value: 1.80');
    const refused = await reload();
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'RULES_REFUSED', retryable: false });
    expect(refused.body.errors).toEqual([
      {
        file: POLICY,
        path: 'benefits.outpatient.bands.ratio[0].value',
        reason: expect.stringContaining('is not a ratio') as string,
        line: expect.any(Number) as number,
      },
    ]);
    expect(refused.text).not.toContain(ground.configDir);
    expect((await list()).body).toEqual(before.body);
    expect((await settle()).body).toMatchObject({
      policy: before.body.policies[0]?.hash,
      catalogues: [before.body.catalogues[0]?.hash],
    });
  });

  it('hold from the next bill on, while bills settled before are read and repeated under theirs', async () => {
    const bill = postedBill({ personId: 'p2' });
    const first = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    const before = await statementOf(first.body.settlementId);
    edit(POLICY, 'value: 0.80', 'value: 0.70');
    edit(CATALOGUE, 'A1,透析液,drug,A', 'A1,新透析液,drug,A');
    const { status, body } = await reload();
    expect(status).toBe(200);
    expect(body.policies[0]?.hash).not.toBe(first.body.policy);

    const next = await settle({ personId: 'p2' });
    // The deductible was used up by the first bill.
    expect(next.body.shares.fundTotal).toBe('700.00');
    expect(next.body).toMatchObject({ policy: body.policies[0]?.hash, catalogues: [body.catalogues[0]?.hash] });

    expect((await statementOf(first.body.settlementId)).body).toEqual(before.body);
    const again = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(again.body).toEqual({ ...first.body, repeat: true });
  });

  it('of then say what a later bill would be without the one to be reversed', async () => {
    const first = await settle({ personId: 'unregistered' });
    await settle({ personId: 'unregistered' });
    edit(POLICY, 'value: 0.80', 'value: 0.70');
    await reload();
    const path = `/v1/settlements/${first.body.settlementId}/reversal`;
    const { status, body } = await service.call('POST', path, { as: 'hospital', body: { reason: 'entered twice' } });
    expect(status).toBe(409);
    // 1000.00 less the deductible of 600.00 that it would pay itself, at 0.80.
    expect(body.dependents).toMatchObject([{ fundTotal: '800.00', wouldBe: { fundTotal: '320.00' } }]);
  });

  it('change under load: no bill fails, each is settled under one of the two', async () => {
    const CLIENTS = 16;
    const before = (await list()).body.policies[0]!.hash;
    let isOver = false;
    const hashes: string[][] = await Promise.all([
      ...Array.from({ length: CLIENTS }, async () => {
        const seen: string[] = [];
        do {
          const { status, body } = await settle({ total: '1.00', lines: [postedLine('1.00')] });
          expect(status).toBe(201);
          seen.push(body.policy);
        } while (!isOver);
        return seen;
      }),
      (async () => {
        await settle();
        edit(POLICY, 'value: 0.80', 'value: 0.75');
        expect((await reload()).status).toBe(200);
        // A bill that is sent now is settled under the new rules, whatever is still under way.
        const { body } = await settle();
        expect(body.policy).not.toBe(before);
        isOver = true;
        return [body.policy];
      })(),
    ]);
    const after = hashes[CLIENTS]![0]!;
    for (const seen of hashes.slice(0, CLIENTS)) {
      const change = seen.indexOf(after);
      // One client's bills follow each other: never the old rules again after the new ones.
      expect(seen).toEqual(seen.map((_, at) => (change === -1 || at < change ? before : after)));
    }
    expect(new Set(hashes.flat())).toEqual(new Set([before, after]));
    expect(await service.database.settlementQueries.unbalanced()).toEqual([]);
  });
});

describe.each(['sqlite', 'mariadb'] as const)(
  'rules that are gone from the folder after a restart, on %s',
  (engine) => {
    let ground: Ground;
    const { edit } = edits(() => ground);

    beforeAll(async () => {
      ground = await prepareGround(engine);
    });

    afterAll(() => ground.remove());

    it('still explain the bills that rest on them, and give the same amounts', async () => {
      const first = await startOn(ground);
      const bill = postedBill({
        total: '1200.00',
        lines: [postedLine('1000.00'), postedLine('200.00', { code: 'B1', price: '200' })],
      });
      const settled = await first.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
      const { settlementId } = settled.body;
      const path = `/v1/settlements/${settlementId}/statement`;
      const before = await first.call('GET', path, { as: 'hospital' });
      expect(before.body.notice).toBe('');
      expect(before.body.trace.flatMap(({ parameters }) => parameters).map(({ value }) => value)).toContain('0.8');
      await first.stop();

      edit(POLICY, 'value: 0.80', 'value: 0.70');
      edit(CATALOGUE, 'B1,促红素,drug,B,0.1,0.1,50', 'B1,促红素,drug,B,0.2,0.2,60');
      const second = await startOn(ground);
      const { rulebook, summary } = second.rules;
      expect(summary.policies.map(({ policy }) => policy.hash)).not.toContain(settled.body.policy);
      expect((await second.call('GET', path, { as: 'hospital' })).body).toEqual(before.body);

      const stored = (await second.database.settlementQueries.byId(settlementId))!;
      const document = decodeDocument(stored.document, rulebook);
      const { bill: facts, institution, person, accumulators, accounts, verdict } = document;
      const { settledOn } = stored.row;
      const all = { bill: facts, institution, person, accumulators, accounts, settledOn };
      expect(adjudicate(all, rulesAsSettled(verdict, rulebook))).toEqual(verdict);
      expect(adjudicate(all, rulebook)).not.toMatchObject({ fundTotal: verdict.fundTotal });
      await second.stop();
    });
  },
);
