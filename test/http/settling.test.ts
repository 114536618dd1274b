import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { startService, type TestService } from '../support/service.ts';

describe.each(['sqlite', 'mariadb'] as const)('settling over HTTP on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
  });

  afterAll(() => service.stop());

  const settle = (changes: Parameters<typeof postedBill>[0] = {}) =>
    service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill(changes) });
  const reverse = (settlementId: string, reason = 'entered twice') =>
    service.call('POST', `/v1/settlements/${settlementId}/reversal`, { as: 'hospital', body: { reason } });

  it('quotes what settling then comes to, and writes nothing', async () => {
    const bill = postedBill({
      personId: 'p2',
      total: '1280.00',
      lines: [
        postedLine('1000.00'),
        postedLine('120.00', { code: 'B1', quantity: '2', price: '60' }),
        postedLine('150.00', { code: 'C1' }),
        postedLine('10.00', { code: undefined, hospitalCode: 'OWN-1' }),
      ],
    });
    const before = await service.counts();
    const quote = await service.call('POST', '/v1/quotes', { as: 'hospital', body: bill });
    expect(quote.status).toBe(200);
    expect(await service.counts()).toEqual(before);

    const { body } = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(body).toMatchObject(quote.body);
    // Two pieces at 60 against a limit of 50, then a tenth of what is within it.
    expect(body.lines[1]).toMatchObject({
      reason: 'CLASS_B',
      overLimit: '20.00',
      firstSelfPay: '10.00',
      eligible: '90.00',
    });
    expect(body.lines[3]).toMatchObject({ reason: 'CLASS_A', eligible: '10.00' });
    expect(body.shares).toMatchObject({ deductible: '600.00', fundTotal: '400.00', personTotal: '880.00' });
    expect(body.personParts).toMatchObject({ deductible: '600.00', coinsurance: '100.00', fullSelfPay: '150.00' });
  });

  it('gives the first answer again for the same content, however it is written', async () => {
    const bill = postedBill({ personId: 'poor' });
    const first = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(first.status).toBe(201);
    const before = await service.counts();
    const rewritten = {
      ...Object.fromEntries(Object.entries(bill).reverse()),
      lines: [{ ...postedLine('1000.00'), price: '1000.0000', quantity: '1.0', feeDate: bill.visitDate }],
    };
    const again = await service.call('POST', '/v1/settlements', { as: 'hospital', body: rewritten });
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...first.body, repeat: true });
    expect(await service.counts()).toEqual(before);
  });

  it('settles a bill that is posted many times at once only once', async () => {
    const bill = postedBill({ personId: 'p2' });
    const before = await service.counts();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => service.call('POST', '/v1/settlements', { as: 'hospital', body: bill })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.settlementId)).size).toBe(1);
    expect((await service.counts()).settlements).toBe(before.settlements + 1);
  });

  it('refuses other content under the same number, with both hashes', async () => {
    const bill = postedBill();
    const first = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    const before = await service.counts();
    const other = { ...bill, total: '900.00', lines: [postedLine('900.00')] };
    const { status, body } = await service.call('POST', '/v1/settlements', { as: 'hospital', body: other });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'BILL_CONFLICT', retryable: false, settlementId: first.body.settlementId });
    expect(body.settledContentHash).toBe(first.body.contentHash);
    expect(body.contentHash).not.toBe(first.body.contentHash);
    expect(await service.counts()).toEqual(before);
  });

  it('reverses once, and settles a reversed bill anew only under a request key', async () => {
    const bill = postedBill({ personId: 'local' });
    const accumulators = () => service.call('GET', '/v1/persons/local/accumulators', { as: 'hospital' });
    const untouched = await accumulators();
    const first = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    const reversal = await reverse(first.body.settlementId);
    expect(reversal.status).toBe(201);
    expect(reversal.body).toMatchObject({ reverses: first.body.settlementId, repeat: false, reason: 'entered twice' });
    expect(reversal.body.shares).toMatchObject({
      total: '-1000.00',
      fundTotal: '-320.00',
      deductible: '-600.00',
      cash: '0.00',
    });
    expect((await accumulators()).body).toEqual(untouched.body);

    const again = await reverse(first.body.settlementId);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...reversal.body, repeat: true });
    const otherReason = await reverse(first.body.settlementId, 'another reason');
    expect([otherReason.status, otherReason.body.code]).toEqual([409, 'REVERSAL_CONFLICT']);
    const ofReversal = await reverse(reversal.body.settlementId);
    expect([ofReversal.status, ofReversal.body.code]).toEqual([409, 'NOT_REVERSIBLE']);

    const late = await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect(late).toMatchObject({ status: 200, body: { repeat: true, status: 'reversed' } });
    const anew = await service.call('POST', '/v1/settlements', {
      as: 'hospital',
      body: { ...bill, requestKey: 'again' },
    });
    expect(anew).toMatchObject({ status: 201, body: { repeat: false, shares: first.body.shares } });

    const { body } = await service.call('GET', `/v1/settlements?billNumber=${bill.billNumber}`, { as: 'hospital' });
    expect(body.settlements.map(({ status }) => status)).toEqual(['reversed', 'settled']);
    expect(body.reversals).toEqual([reversal.body]);
    const read = await service.call('GET', `/v1/settlements/${first.body.settlementId}`, { as: 'hospital' });
    expect(read.body).toEqual({ ...first.body, status: 'reversed' });
    const readReversal = await service.call('GET', `/v1/settlements/${reversal.body.settlementId}`, { as: 'homeFund' });
    expect(readReversal.status).toBe(404);
    const byOwnFund = await service.call('GET', `/v1/settlements/${reversal.body.settlementId}`, { as: 'awayFund' });
    expect(byOwnFund.body).toEqual(reversal.body);
  });

  it('refuses a reversal that later bills depend on, and says what they would become', async () => {
    const first = await settle({ personId: 'unregistered' });
    const elsewhere = postedBill({
      personId: 'unregistered',
      institutionId: 'H31011800001',
      billNumber: 'QP-2026-777',
    });
    const second = await service.call('POST', '/v1/settlements', { as: 'otherHospital', body: elsewhere });
    expect(second.body.shares.fundTotal).toBe('800.00');
    const before = await service.counts();
    const { status, body } = await reverse(first.body.settlementId);
    expect([status, body.code]).toEqual([409, 'LATER_BILLS_DEPEND']);
    expect(body.dependents).toEqual([
      {
        settlementId: second.body.settlementId,
        institutionId: 'H31011800001',
        billNumber: '***777',
        visitDate: '2026-11-24',
        fundTotal: '800.00',
        personTotal: '200.00',
        wouldBe: { fundTotal: '320.00', personTotal: '680.00' },
      },
    ]);
    expect(await service.counts()).toEqual(before);
  });

  it.each([
    ['COVERAGE_SUSPENDED', { personId: 'suspended' }],
    ['BENEFIT_NOT_PROVIDED', { kind: 'pharmacy' }],
    ['NOT_INSURED', { personId: 'p1', visitDate: '1999-12-31' }],
    ['DISEASE_NOT_LISTED', { kind: 'specialDisease', disease: 'M99999' }],
    ['DISEASE_NOT_OPEN', { kind: 'specialDisease', disease: 'M00500' }],
    ['NO_REGISTRATION', { kind: 'specialDisease', disease: 'M07801', personId: 'unregistered' }],
    ['UNKNOWN_PERSON', { personId: 'nobody' }],
    ['UNKNOWN_PERSON', { familyPayer: 'p2' }],
  ] as const)('refuses lawfully with 422 %s', async (code, changes) => {
    const before = await service.counts();
    const { status, body } = await settle(changes);
    expect([status, body.code]).toEqual([422, code]);
    expect(body.help).toBeTypeOf('string');
    expect(await service.counts()).toEqual(before);
    const quote = await service.call('POST', '/v1/quotes', { as: 'hospital', body: postedBill(changes) });
    expect(quote.body.code).toBe(code);
  });

  it('explains a bill so that it can be recomputed by hand', async () => {
    const { body: settled } = await settle({
      personId: 'poor',
      kind: 'inpatient',
      admissionDate: '2026-11-20',
      total: '1950.00',
      lines: [
        postedLine('2000.00', { feeDate: '2026-11-21' }),
        postedLine('-100.00', { quantity: '-0.05', price: '2000', refundOf: 1 }),
        postedLine('50.00', { code: 'X1', name: '演示药' }),
      ],
    });
    const { body } = await service.call('GET', `/v1/settlements/${settled.settlementId}/statement`, { as: 'hospital' });
    expect(body).toMatchObject({ personName: '沈小芬', institutionName: '嘉善医院', provenance: 'illustrative' });
    expect(body.noticeEn).toContain('illustrative');
    expect(body.shares).toEqual(settled.shares);
    const words = body.trace.map(({ wordsEn }) => wordsEn);
    expect(words).toEqual([
      'Policy service-320509 as of 2026-11-24; the benefit year began on 2026-01-01.',
      'Deductible, inpatient benefit: admission 1: standard 900.00, expense 1950.00; 900.00 deducted, 1050.00 beyond.',
      'Payment, inpatient benefit: 1050.00 × 0.9 = 945.00.',
      'Base, aid: coinsurance 105.00 = 105.00.',
      'Payment, aid: 105.00 × 0.5 = 52.50.',
      "Cash: person's share 952.50 − accounts 0.00 = 952.50.",
    ]);
    const [ratio] = body.trace[2]!.parameters;
    expect(ratio).toEqual({
      parameter: 'benefits.inpatient.bands.ratio',
      from: '2024-01-01',
      value: '0.9',
      source: 'somebody',
      provenance: 'memory',
    });
    expect(body.lines[1]).toMatchObject({ refundOf: 1, eligible: '-100.00', quantity: '-0.0500' });
    expect(body.lines[2]!.item).toMatchObject({ source: 'made up', provenance: 'illustrative' });
    expect(body.accumulators).toContainEqual({
      bucket: '2026-01-01',
      name: 'stays',
      measure: 'admissions',
      before: '0',
      after: '1',
    });
  });

  it('answers eligibility as a bill would fare', async () => {
    const ask = (body: object, as: 'hospital' | 'homeFund' | 'awayFund' = 'hospital') =>
      service.call('POST', '/v1/eligibility', { as, body: { visitDate: '2026-11-24', ...body } });
    const { body } = await ask({ personId: 'p1', kind: 'specialDisease', disease: 'M07801' });
    expect(body).toMatchObject({ eligible: true, personName: '**芬', openDiseases: ['M07801'], homeRegion: '320509' });
    const closed = await ask({ personId: 'p1', kind: 'specialDisease', disease: 'M00500' });
    expect(closed.body).toMatchObject({ eligible: false, rejection: { code: 'DISEASE_NOT_OPEN' } });
    const atHome = await ask({ personId: 'local', kind: 'outpatient' });
    expect(atHome.body).toMatchObject({ eligible: true, openDiseases: ['M07801', 'M00500'] });
    expect((await ask({ personId: 'nobody', kind: 'outpatient' })).body.code).toBe('UNKNOWN_PERSON');
    expect((await ask({ personId: 'p1', kind: 'specialDisease' })).body.fields).toEqual([
      { field: 'disease', problem: 'is needed for kind specialDisease' },
    ]);
    const early = await ask({ personId: 'p1', kind: 'outpatient', visitDate: '1950-01-01' });
    expect([early.status, early.body.fields[0]?.field]).toEqual([400, 'visitDate']);

    const byFund = { personId: 'p1', kind: 'outpatient', institutionId: 'H33042100001' };
    expect((await ask(byFund, 'homeFund')).body.eligible).toBe(true);
    expect((await ask(byFund, 'awayFund')).body.code).toBe('UNKNOWN_PERSON');
    expect((await ask({ ...byFund, institutionId: undefined }, 'homeFund')).status).toBe(400);
    expect((await ask({ ...byFund, institutionId: 'H31011800001' })).body.code).toBe('WRONG_INSTITUTION');
  });
});
