import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DifferenceList, DifferenceView, ReconciliationRunView } from '../../src/http/schemas/reconciliation.ts';
import { formatFen, parseFen } from '../../src/core/money/text.ts';
import { openZipEntry } from '../../src/platform/zip-entry.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { csvText, type DayLine } from '../support/reconciliation-day.ts';
import { startService, type Caller, type TestService } from '../support/service.ts';
import { zipOf } from '../support/zip-files.ts';

const HOSPITAL = 'H33042100001';
const DATE = '2026-11-24';
const about = { source: 'institution', party: HOSPITAL, businessDate: DATE } as const;

type Settled = { readonly settlementId: string; readonly line: DayLine };

describe.each(['sqlite', 'mariadb'] as const)('reconciliation over HTTP on %s', (engine) => {
  let service: TestService;
  let matching: Settled;
  let unknownThere: Settled;
  let dearer: Settled;
  let run: ReconciliationRunView;
  let lines: DayLine[];

  const settle = async (as: Caller, personId: string, amount: string): Promise<Settled> => {
    const bill = postedBill({ personId, total: amount, lines: [postedLine(amount)] });
    const institutionId = as === 'hospital' ? HOSPITAL : 'H31011800001';
    const { status, body } = await service.call('POST', '/v1/settlements', { as, body: { ...bill, institutionId } });
    expect(status).toBe(201);
    const { row } = (await service.database.settlementQueries.byId(body.settlementId))!;
    const { settlementId, billNumber: visitId, total, fundTotal, account } = row;
    return { settlementId, line: { settlementId, visitId, personId, total, fundTotal, account, refund: 0 } };
  };

  const upload = async (as: Caller, content: string | Buffer, type = 'text/csv', query = '') => {
    const path = `/v1/reconciliation-files?businessDate=${DATE}${query}`;
    const answer = await service.call('POST', path, {
      as,
      body: typeof content === 'string' ? content : new Uint8Array(content),
      headers: { 'content-type': type },
    });
    return { ...answer, run: answer.body as unknown as ReconciliationRunView };
  };

  const finished = async (
    { runId }: ReconciliationRunView,
    as: Caller = 'hospital',
  ): Promise<ReconciliationRunView> => {
    for (;;) {
      const { body } = await service.call('GET', `/v1/reconciliation-runs/${runId}`, { as });
      const now = body as unknown as ReconciliationRunView;
      if (now.state !== 'loading' && now.state !== 'loaded') return now;
      await sleep(20);
    }
  };

  const differences = async (as: Caller, query = ''): Promise<readonly DifferenceView[]> => {
    const { body } = await service.call('GET', `/v1/reconciliation-differences?runId=${run.runId}${query}`, { as });
    return (body as unknown as DifferenceList).differences;
  };

  const decide = async (
    as: Caller,
    { differenceId }: DifferenceView,
    what: 'acceptance' | 'refusal',
    reason = 'seen',
  ) => {
    const path = `/v1/reconciliation-differences/${differenceId}/${what}`;
    const { status, body } = await service.call('POST', path, { as, body: { reason } });
    return { status, code: body.code, difference: body as unknown as DifferenceView };
  };

  const ofClass = async (kind: DifferenceView['class']): Promise<DifferenceView> => {
    const [found] = await differences('operator', `&class=${kind}`);
    return found!;
  };

  beforeAll(async () => {
    service = await startService(engine);
    matching = await settle('hospital', 'p1', '1000.00');
    unknownThere = await settle('hospital', 'p2', '2000.00');
    dearer = await settle('hospital', 'poor', '3000.00');
    await settle('otherHospital', 'p1', '500.00');
    const open = await upload('hospital', csvText([], about));
    expect([open.status, open.body.code]).toEqual([409, 'PERIOD_OPEN']);
    await service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate: DATE } });
    lines = [
      matching.line,
      { ...dearer.line, fundTotal: dearer.line.fundTotal - 1000 },
      { ...matching.line, settlementId: 'unknown-here', visitId: 'unknown' },
    ];
  });

  afterAll(() => service.stop());

  it('compares totals first', async () => {
    const all = [matching, unknownThere, dearer].map(({ line }) => line);
    const sum = (figure: 'total' | 'fundTotal' | 'account') =>
      formatFen(all.reduce((total, line) => total + line[figure], 0));
    const group = { from: DATE, to: DATE, scheme: 'employee', clearingType: '11' };
    const ours = { settlements: 3, total: sum('total'), fundTotal: sum('fundTotal'), account: sum('account') };
    const ask = async (changes: object, as: Caller = 'hospital') => {
      const answer = await service.call('POST', '/v1/reconciliation-totals', {
        as,
        body: { ...group, ...ours, ...changes },
      });
      return {
        ...answer,
        body: answer.body as unknown as { result: string; stmtRslt: string; ours: object; fields: object },
      };
    };
    expect((await ask({})).body).toEqual({ result: 'equal', stmtRslt: '0', stmtRsltSixDigits: '000000', ours });
    expect((await ask({ refund: false })).body.result).toBe('equal');
    expect((await ask({ settlements: 2 })).body).toMatchObject({ result: 'platformMore', stmtRslt: '1' });
    expect((await ask({ settlements: 4 })).body).toMatchObject({ result: 'institutionMore', stmtRslt: '2' });
    expect((await ask({ total: '6000.01' })).body).toMatchObject({ result: 'differ', stmtRsltSixDigits: '000103' });
    expect((await ask({ clearingType: '21' })).body).toMatchObject({
      result: 'institutionMore',
      ours: { settlements: 0 },
    });
    expect((await ask({ total: '99999999999999.99' })).body.fields).toEqual([
      { field: 'total', problem: 'is not an amount that can be' },
    ]);
    expect((await ask({ from: '2026-11-25' })).body.fields).toEqual([{ field: 'to', problem: 'is before from' }]);
    expect((await ask({ institutionId: HOSPITAL }, 'otherHospital')).status).toBe(404);
    expect((await ask({ institutionId: HOSPITAL }, 'homeClerk')).status).toBe(404);
    expect((await ask({ institutionId: HOSPITAL }, 'awayClerk')).status).toBe(200);
    expect((await ask({}, 'operator')).status).toBe(400);
  });

  it('takes a file, and the same file again as the same run', async () => {
    const sent = await upload('hospital', csvText(lines, about));
    expect([sent.status, sent.run.party]).toEqual([202, HOSPITAL]);
    run = await finished(sent.run);
    expect(run).toMatchObject({ state: 'matched', lines: 3, differences: 3, result: 'differ', problems: [] });
    expect(run.ourTotals).toMatchObject({
      settled: { settlements: 3, total: '6000.00' },
      refunded: { settlements: 0 },
    });
    const again = await upload('hospital', csvText(lines, about));
    expect([again.status, again.run]).toEqual([200, run]);
  });

  it('shows a run and its differences to those it concerns and to nobody else', async () => {
    const seen = async (as: Caller) =>
      (await service.call('GET', `/v1/reconciliation-runs/${run.runId}`, { as })).status;
    expect(await Promise.all((['hospital', 'awayClerk', 'awayFund', 'operator'] as const).map(seen))).toEqual([
      200, 200, 200, 200,
    ]);
    expect(await Promise.all((['otherHospital', 'homeClerk', 'otherFund'] as const).map(seen))).toEqual([
      404, 404, 404,
    ]);
    const listed = async (as: Caller) => (await differences(as)).length;
    expect(await listed('hospital')).toBe(3);
    expect(await listed('awayClerk')).toBe(3);
    // Two of its people's bills; what nobody knows is nobody's person.
    expect(await listed('homeClerk')).toBe(2);
    expect(await listed('otherHospital')).toBe(0);
    expect(await listed('otherFund')).toBe(0);
    const runs = async (as: Caller) => {
      const { body } = await service.call('GET', '/v1/reconciliation-runs', { as });
      return (body as unknown as { runs: object[] }).runs.length;
    };
    expect([
      await runs('hospital'),
      await runs('otherHospital'),
      await runs('homeFund'),
      await runs('operator'),
    ]).toEqual([1, 0, 0, 1]);
    const foreign = await upload('otherHospital', csvText(lines, about), 'text/csv', `&party=${HOSPITAL}`);
    expect(foreign.status).toBe(404);
    expect(
      (await upload('homeClerk', csvText(lines, about), 'text/csv', `&source=institution&party=${HOSPITAL}`)).status,
    ).toBe(404);
    expect((await upload('hospital', csvText(lines, about), 'text/csv', '&source=fund')).status).toBe(400);
  });

  it('lists differences in pages and by class', async () => {
    const all = await differences('hospital');
    expect(all.map((each) => each.class).sort()).toEqual(['amount', 'missingHere', 'missingThere']);
    const { body } = await service.call('GET', `/v1/reconciliation-differences?limit=2`, { as: 'hospital' });
    const page = body as unknown as DifferenceList;
    expect(page.differences).toEqual(all.slice(0, 2));
    const rest = await service.call('GET', `/v1/reconciliation-differences?limit=2&after=${page.nextAfter!}`, {
      as: 'hospital',
    });
    expect((rest.body as unknown as DifferenceList).differences).toEqual(all.slice(2));
    const amount = await ofClass('amount');
    expect(amount).toMatchObject({
      correction: { action: 'adjust', movesMoney: true, adjustBy: '-10.00' },
      ours: { settlementId: dearer.settlementId },
      line: { lineNo: 3 },
      state: 'open',
    });
  });

  it('records one word where no money moves', async () => {
    const missing = await ofClass('missingHere');
    expect((await decide('homeClerk', missing, 'acceptance')).status).toBe(404);
    expect((await decide('hospital', missing, 'acceptance')).status).toBe(403);
    const accepted = await decide('awayClerk', missing, 'acceptance', 'they post it again');
    expect(accepted.difference).toMatchObject({ state: 'accepted', decidedBy: 'zhao', reason: 'they post it again' });
    expect(await decide('awayClerk', missing, 'refusal')).toMatchObject({ status: 409, code: 'NOT_DECIDABLE' });
  });

  it('adjusts only when a clerk of each county agrees, by postings in the open window', async () => {
    const amount = await ofClass('amount');
    const proposed = await decide('awayClerk', amount, 'acceptance');
    expect(proposed.difference).toMatchObject({ state: 'proposed', proposedBy: 'zhao' });
    for (const as of ['awayClerk', 'otherAwayClerk'] as const) {
      expect(await decide(as, amount, 'acceptance')).toMatchObject({ status: 409, code: 'SECOND_PERSON_NEEDED' });
    }
    expect((await service.database.settlementQueries.unbalanced()).length).toBe(0);
    const { difference } = await decide('homeClerk', amount, 'acceptance', 'their invoice is right');
    expect(difference).toMatchObject({ state: 'accepted', decidedBy: 'wang', outcomeId: expect.any(String) as string });
    expect(await service.database.settlementQueries.unbalanced()).toEqual([]);
    expect(await service.database.clearingStore.adjustments(2)).toEqual([
      {
        windowId: 2,
        homeRegion: '320509',
        treatmentRegion: '330421',
        institutionId: HOSPITAL,
        scheme: 'employee',
        layer: 'pool',
        amount: -1000,
        subjectId: difference.outcomeId,
        kind: 'correction',
      },
    ]);
    expect((await decide('otherHomeClerk', amount, 'acceptance')).code).toBe('NOT_DECIDABLE');
  });

  it('reverses what the institution knows nothing of, as the institution would', async () => {
    const missing = await ofClass('missingThere');
    expect(missing.correction).toEqual({ action: 'reverse', movesMoney: true, adjustBy: '0.00' });
    await decide('homeClerk', missing, 'acceptance');
    const { difference } = await decide('awayClerk', missing, 'acceptance');
    expect(difference.state).toBe('accepted');
    const reversal = await service.database.settlementQueries.byId(difference.outcomeId!);
    expect(reversal!.row).toMatchObject({ reverses: unknownThere.settlementId, windowId: 2, total: -200_000 });
  });

  it('gives the result in the form of 3202', async () => {
    const path = `${service.url}/v1/reconciliation-runs/${run.runId}/result?codes=oneDigit`;
    const response = await fetch(path, { headers: { authorization: 'Bearer hospital' } });
    expect(response.headers.get('content-disposition')).toContain(`result-${HOSPITAL}-${DATE}.zip`);
    const folder = mkdtempSync(join(tmpdir(), 'tongjie-result-'));
    writeFileSync(join(folder, 'result.zip'), Buffer.from(await response.arrayBuffer()));
    const { name, stream } = await openZipEntry(join(folder, 'result.zip'), 1e6);
    const rows = (await text(stream))
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t'));
    rmSync(folder, { recursive: true });
    expect(name).toBe('result.txt');
    const by = (id: string) => rows.find((row) => row[2] === id)!;
    const { line } = dearer;
    const figures = [line.total, line.fundTotal, line.account].map(formatFen);
    expect(by(dearer.settlementId)).toEqual([
      'poor',
      line.visitId,
      dearer.settlementId,
      line.visitId,
      '3',
      '0',
      'amount: adjust',
      ...figures,
    ]);
    expect(by('unknown-here').slice(4)).toEqual(['2', '0', 'missingHere: postAgain', 'null', 'null', 'null']);
    expect(by(unknownThere.settlementId).slice(1, 6)).toEqual([
      'null',
      unknownThere.settlementId,
      unknownThere.line.visitId,
      '1',
      '0',
    ]);
    expect((await fetch(path, { headers: { authorization: 'Bearer otherHospital' } })).status).toBe(404);
  });

  it('closes when everything is decided, and takes no further file of that day', async () => {
    const close = (as: Caller, id = run.runId) =>
      service.call('POST', `/v1/reconciliation-runs/${id}/closing`, { as, body: {} });
    expect((await close('homeClerk')).status).toBe(404);
    expect((await close('awayClerk')).body).toMatchObject({ state: 'closed', closedBy: 'zhao' });
    expect((await close('awayClerk')).status).toBe(200);
    const late = await upload('hospital', csvText(lines.slice(1), about));
    expect([late.status, late.body.code]).toEqual([409, 'PERIOD_CLOSED']);
  });

  it("takes a fund's file in the same way, and corrects nothing twice", async () => {
    const fund = { source: 'fund', party: '320509', businessDate: DATE } as const;
    const other = (await service.database.settlementQueries.latestOfInstitution('H31011800001', 1))[0]!.row;
    const booked = [
      { ...dearer.line, fundTotal: dearer.line.fundTotal - 1000 },
      { ...matching.line, policyHash: 'f'.repeat(64), fundTotal: matching.line.fundTotal - 5 },
      { ...unknownThere.line },
      {
        ...matching.line,
        settlementId: other.settlementId,
        visitId: other.billNumber,
        total: other.total,
        fundTotal: other.fundTotal,
        account: other.account,
      },
    ];
    const sent = await upload('homeFund', await zipOf({ 'fund.csv': csvText(booked, fund) }), 'application/zip');
    run = await finished(sent.run, 'homeFund');
    // Reversed since, in a later window: not a difference of this day.
    expect(run).toMatchObject({ source: 'fund', party: '320509', differences: 2, state: 'matched' });
    expect((await ofClass('ruleVersion')).correction.action).toBe('recompute');
    const amount = await ofClass('amount');
    await decide('homeClerk', amount, 'acceptance');
    expect(await decide('awayClerk', amount, 'acceptance')).toMatchObject({ status: 409, code: 'ALREADY_CORRECTED' });
    expect((await service.database.clearingStore.adjustments(2)).length).toBe(1);
    expect((await decide('otherAwayClerk', amount, 'refusal', 'done by the other file')).difference).toMatchObject({
      state: 'refused',
      reason: 'done by the other file',
    });
    const path = `/v1/reconciliation-runs/${run.runId}/closing`;
    const closing = await service.call('POST', path, { as: 'homeClerk', body: {} });
    expect([closing.status, closing.body.code]).toEqual([409, 'RUN_UNDECIDED']);
  });

  it('tells what is wrong with a file by line and column, and keeps nothing of it', async () => {
    const bad = csvText([other()], { ...about, party: 'H31011800001' }).replace(',500.00,', ',5e2,');
    const sent = await upload('otherHospital', bad);
    const refused = await finished(sent.run, 'otherHospital');
    expect(refused).toMatchObject({ state: 'refused', differences: 0 });
    expect(refused.problems).toEqual([
      { line: 2, column: 7, name: 'total', problem: 'has an exponent: write the amount out' },
    ]);
    expect((await upload('otherHospital', bad, 'application/json')).status).toBe(415);
  });

  function other(): DayLine {
    return { ...matching.line, total: parseFen('500.00')! };
  }

  it('puts the correction into the gross of the window that it landed in', async () => {
    service.clock.nowMs += 24 * 3_600_000;
    const { body } = await service.call('POST', '/v1/clearing-runs', {
      as: 'operator',
      body: { businessDate: '2026-11-25' },
    });
    expect(body.cleared).toHaveLength(1);
    const gross = await service.database.clearingStore.grossItems(2);
    const pool = gross.find(({ layer, institutionId }) => layer === 'pool' && institutionId === HOSPITAL)!;
    const reversed = (await service.database.settlementQueries.byId(unknownThere.settlementId))!.row.funds.pool;
    expect(pool.amount).toBe(-1000 - reversed);
  });
});
