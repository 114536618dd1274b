import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFile } from '../support/material-files.ts';
import { casework, caseRequest } from '../support/case-requests.ts';
import { postedBill } from '../support/posted-bill.ts';
import {
  NOW_MS,
  prepareGround,
  startOn,
  type Answer,
  type Caller,
  type Ground,
  type TestService,
} from '../support/service.ts';
import { AWAY, HOME } from '../support/service-rules.ts';

describe.each(['sqlite', 'mariadb'] as const)('casework on %s', (engine) => {
  let ground: Ground;
  let service: TestService;
  let clerks: ReturnType<typeof casework>;

  beforeAll(async () => {
    ground = await prepareGround(engine);
    service = await startOn(ground);
    clerks = casework(service);
  });

  afterAll(async () => {
    await service.stop();
    ground.remove();
  });

  const filesKept = () => {
    const folder = join(ground.place.dataDir, 'materials');
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  };
  const codeOf = ({ status, body }: Answer) => [status, body.code];
  let keys = 0;
  const opened = async (changes: Parameters<typeof caseRequest>[0] = {}) => {
    keys += 1;
    const { status, body } = await clerks.open('awayClerk', { requestKey: `key-${keys}`, ...changes });
    expect(status).toBe(201);
    return body.caseId;
  };
  const complete = async (caseId: string) => {
    await clerks.upload('awayClerk', caseId, 'card');
    await clerks.upload('awayClerk', caseId, 'form', sampleFile('image/png'), 'image/png');
    await clerks.verify('awayClerk', caseId, 'form');
    expect((await clerks.act('awayClerk', caseId, 'complete')).body.state).toBe('materialsComplete');
  };
  const accepted = async (changes: Parameters<typeof caseRequest>[0] = {}) => {
    const caseId = await opened(changes);
    await complete(caseId);
    await clerks.act('awayClerk', caseId, 'forward');
    expect((await clerks.act('homeClerk', caseId, 'accept')).body.state).toBe('accepted');
    return caseId;
  };

  it('goes from the window to the payment, and every step is on record', async () => {
    const caseId = await opened({ serviceForm: 'collectedOnBehalf' });
    expect((await clerks.act('awayClerk', caseId, 'wantMaterials', '缺申请表')).status).toBe(200);
    await complete(caseId);
    await clerks.act('awayClerk', caseId, 'forward');
    const { body: forwarded } = await clerks.read('homeClerk', caseId);
    // A Tuesday, five working days of the home county.
    expect(forwarded).toMatchObject({ actingRegion: HOME, dueDate: '2026-12-01', isOverdue: false });
    expect(forwarded.actions).toEqual(['accept', 'return', 'addMaterial', 'verify', 'unverify']);
    await clerks.act('homeClerk', caseId, 'accept');
    await clerks.act('homeClerk', caseId, 'askMore', '请补说明');
    await clerks.upload('awayClerk', caseId, 'letter');
    await clerks.act('awayClerk', caseId, 'supply');
    const { body: decided } = await clerks.decide('homeClerk', caseId, 'grantedInPart', {
      pool: '400.00',
      seriousIllness: '99.99',
    });
    expect(decided).toMatchObject({ state: 'grantedInPart', granted: '499.99', funds: { pool: '400.00' } });
    expect(codeOf(await clerks.pay('homeClerk', caseId))).toEqual([403, 'SAME_CLERK']);
    expect((await clerks.pay('otherHomeClerk', caseId)).body.state).toBe('paid');
    expect((await clerks.act('otherAwayClerk', caseId, 'close')).body).toMatchObject({ state: 'closed' });

    const { body } = await clerks.read('awayClerk', caseId);
    expect(body.actions).toEqual([]);
    expect(body.history.map(({ seq, action, by, to }) => `${seq} ${by} ${action} ${to}`)).toEqual([
      '1 zhao open opened',
      '2 zhao wantMaterials materialsWanted',
      '3 zhao addMaterial materialsWanted',
      '4 zhao addMaterial materialsWanted',
      '5 zhao verify materialsWanted',
      '6 zhao complete materialsComplete',
      '7 zhao forward forwarded',
      '8 wang accept accepted',
      '9 wang askMore moreAsked',
      '10 zhao addMaterial moreAsked',
      '11 zhao supply accepted',
      '12 wang grantInPart grantedInPart',
      '13 li pay paid',
      '14 qian close closed',
    ]);
    expect(body.version).toBe(14);
    expect(await service.database.settlementQueries.unbalanced()).toEqual([]);
  });

  it('lets the opening county accept where it is authorised, and nowhere else', async () => {
    const own = await opened();
    const authorised = await opened({ serviceForm: 'authorised' });
    for (const caseId of [own, authorised]) await complete(caseId);
    expect(codeOf(await clerks.act('awayClerk', own, 'accept'))).toEqual([409, 'WRONG_CASE_STATE']);
    expect((await clerks.act('awayClerk', authorised, 'accept')).body.state).toBe('accepted');
    expect(codeOf(await clerks.decide('awayClerk', authorised, 'refused'))).toEqual([403, 'OTHER_COUNTYS_STEP']);
    expect((await clerks.decide('homeClerk', authorised, 'refused')).body.state).toBe('refused');
    expect((await clerks.act('homeClerk', authorised, 'return')).body.state).toBe('returned');
  });

  it('is nobody else’s', async () => {
    const caseId = await opened();
    const { body } = await clerks.upload('awayClerk', caseId, 'card');
    const material = `/v1/cases/${caseId}/materials/${body.material.materialId}`;
    const paths = [`/v1/cases/${caseId}`, `${material}?why=x`, `${material}/looks`];
    for (const path of paths) {
      expect((await service.call('GET', path, { as: 'strangeClerk' })).status).toBe(404);
      expect((await service.call('GET', path, { as: 'operator' })).status).toBe(403);
      for (const as of ['homeClerk', 'awayClerk'] as const) {
        expect((await service.call('GET', path, { as })).status).toBe(200);
      }
    }
    const posts = {
      actions: { action: 'withdraw' },
      decision: { outcome: 'refused', note: 'x' },
      payment: { reference: 'x' },
    };
    for (const [what, rest] of Object.entries({ ...posts, 'items/card/verification': { verified: true } })) {
      const sent = { as: 'strangeClerk', body: { version: 1, ...rest } } as const;
      expect((await service.call('POST', `/v1/cases/${caseId}/${what}`, sent)).status).toBe(404);
    }
    expect((await clerks.upload('strangeClerk', caseId, 'card')).status).toBe(404);
    expect((await service.call('GET', '/v1/cases', { as: 'strangeClerk' })).body.cases).toEqual([]);
    // Another case of the same county does not lead to it either.
    const other = await opened();
    const wrong = `/v1/cases/${other}/materials/${body.material.materialId}?why=x`;
    expect((await service.call('GET', wrong, { as: 'awayClerk' })).status).toBe(404);
  });

  it('opens once for a request key, and says so when the content is another', async () => {
    const first = await clerks.open('awayClerk', { requestKey: 'same' });
    const again = await clerks.open('otherAwayClerk', { requestKey: 'same' });
    expect([first.status, again.status, again.body.caseId]).toEqual([201, 200, first.body.caseId]);
    expect(codeOf(await clerks.open('awayClerk', { requestKey: 'same', claimed: '1.00' }))).toEqual([
      409,
      'CASE_CONFLICT',
    ]);
    // Another county's keys are its own.
    expect((await clerks.open('homeClerk', { requestKey: 'same' })).status).toBe(201);
    const race = await Promise.all(Array.from({ length: 8 }, () => clerks.open('awayClerk', { requestKey: 'race' })));
    expect(new Set(race.map(({ body }) => body.caseId)).size).toBe(1);
    expect(race.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('names every bad field of a request', async () => {
    const fieldsOf = async (body: object) =>
      (await service.call('POST', '/v1/cases', { as: 'awayClerk', body })).body.fields.map(({ field }) => field);
    const bad = { ...caseRequest(), requestKey: 'a b', claimed: '-1.00', serviceForm: 'straightThrough', wish: 1 };
    expect((await fieldsOf({ ...bad, reasonText: undefined })).sort()).toEqual([
      'claimed',
      'requestKey',
      'serviceForm',
      'wish',
    ]);
    expect(await fieldsOf({ ...caseRequest(), reasonText: ' ' })).toEqual(['reasonText']);
    const { body: bill } = await service.call('POST', '/v1/settlements', {
      as: 'hospital',
      body: postedBill({ personId: 'p2' }),
    });
    const unknown = { personId: 'p1', institutionId: 'H99999999999', settlementId: bill.settlementId };
    expect(await fieldsOf({ ...caseRequest(), ...unknown })).toEqual(['institutionId', 'settlementId']);
    expect(await fieldsOf({ ...caseRequest(), personId: 'nobody' })).toEqual(['personId']);
    const own = { personId: 'p2', settlementId: bill.settlementId, requestKey: 'p2-bill' };
    expect((await clerks.open('awayClerk', own)).body.settlementId).toBe(bill.settlementId);
    const query = (path: string) => service.call('GET', path, { as: 'awayClerk' });
    for (const path of [
      '/v1/cases?state=lost',
      '/v1/cases/due?by=tomorrow',
      '/v1/cases/counts?from=2026-12&to=2026-11',
    ]) {
      expect((await query(path)).status).toBe(400);
    }
  });

  it('answers the second of two writers with 409', async () => {
    const caseId = await opened();
    const body = { version: 1, action: 'wantMaterials' };
    const answers = await Promise.all(
      (['awayClerk', 'otherAwayClerk'] as const).map((as) =>
        service.call('POST', `/v1/cases/${caseId}/actions`, { as, body }),
      ),
    );
    expect(answers.map(codeOf).sort()).toEqual([
      [200, undefined],
      [409, 'CASE_CHANGED'],
    ]);
    expect((await clerks.read('awayClerk', caseId)).body.history).toHaveLength(2);
  });

  it('is decided once, for no more than is claimed', async () => {
    const caseId = await accepted();
    const bad = [
      ['granted', { pool: '799.99' }],
      ['grantedInPart', { pool: '800.00' }],
      ['grantedInPart', {}],
      ['refused', { pool: '0.01' }],
      ['grantedInPart', { pool: '700.00', medicalAid: '100.01' }],
    ] as const;
    for (const [outcome, funds] of bad) {
      const { status, body } = await clerks.decide('homeClerk', caseId, outcome, funds);
      expect([status, body.fields.map(({ field }) => field)]).toEqual([400, ['funds']]);
    }
    const { version } = (await clerks.read('homeClerk', caseId)).body;
    const decide = (as: Caller, funds: object, outcome: string) =>
      service.call('POST', `/v1/cases/${caseId}/decision`, { as, body: { version, outcome, funds, note: 'x' } });
    const answers = await Promise.all([
      decide('homeClerk', { pool: '800.00' }, 'granted'),
      decide('otherHomeClerk', {}, 'refused'),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(codeOf(await clerks.decide('homeClerk', caseId, 'refused'))).toEqual([409, 'WRONG_CASE_STATE']);
    expect(codeOf(await clerks.act('awayClerk', caseId, 'withdraw'))).toEqual([409, 'WRONG_CASE_STATE']);
  });

  it('is not complete before everything is there and verified', async () => {
    const caseId = await opened();
    const lacking = async () => {
      const { status, body } = await clerks.act('awayClerk', caseId, 'complete');
      return [status, (body as unknown as { lacking: unknown }).lacking];
    };
    expect(await lacking()).toEqual([
      422,
      [
        { item: 'card', lacks: 'material' },
        { item: 'form', lacks: 'material' },
      ],
    ]);
    expect(codeOf(await clerks.verify('awayClerk', caseId, 'form'))).toEqual([422, 'NOTHING_TO_VERIFY']);
    expect((await clerks.verify('awayClerk', caseId, 'photo')).status).toBe(404);
    await clerks.upload('awayClerk', caseId, 'card');
    await clerks.upload('awayClerk', caseId, 'form');
    await clerks.verify('awayClerk', caseId, 'form');
    // Another paper for the same item: the tick was for the first.
    await clerks.upload('awayClerk', caseId, 'form');
    expect(await lacking()).toEqual([422, [{ item: 'form', lacks: 'verification' }]]);
    await clerks.verify('awayClerk', caseId, 'form');
    const { body } = await clerks.read('awayClerk', caseId);
    expect(body.checklist.map(({ item, lacks, verified }) => [item, lacks, verified?.by])).toEqual([
      ['card', undefined, undefined],
      ['form', undefined, 'zhao'],
      ['letter', undefined, undefined],
    ]);
    await clerks.verify('awayClerk', caseId, 'form', false);
    expect((await lacking())[0]).toBe(422);
  });

  it('gives a material back as it was handed in, and keeps who looked', async () => {
    const caseId = await opened();
    const file = sampleFile('image/jpeg', 300_000, 9);
    const { body } = await clerks.upload('awayClerk', caseId, 'card', file, 'image/jpeg');
    expect(body.material).toMatchObject({ mediaType: 'image/jpeg', bytes: 300_000, sha256: hash('sha256', file) });
    const path = `/v1/cases/${caseId}/materials/${body.material.materialId}`;
    expect((await service.call('GET', path, { as: 'homeClerk' })).body.fields).toEqual([
      { field: 'why', problem: 'is missing' },
    ]);
    const answer = await fetch(`${service.url}${path}?why=${encodeURIComponent('核对签名')}`, {
      headers: { authorization: 'Bearer homeClerk' },
    });
    expect(Buffer.from(await answer.arrayBuffer()).equals(file)).toBe(true);
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    expect(answer.headers.get('content-disposition')).toContain('attachment;');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const { body: looked } = await service.call('GET', `${path}/looks`, { as: 'awayClerk' });
    expect(looked.looks).toEqual([{ by: 'wang', region: HOME, at: '2026-11-24T10:00:00.000+08:00', why: '核对签名' }]);
  });

  it('refuses a file that is not what it says, is not whole, or is too large, and keeps nothing of it', async () => {
    const caseId = await opened();
    const before = filesKept().length;
    const pdf = sampleFile('application/pdf', 5000);
    const png = sampleFile('image/png', 5000);
    const refused: readonly [body: Uint8Array, type: string, status: number, code: string][] = [
      [png, 'application/pdf', 400, 'FILE_TYPE_MISMATCH'],
      [pdf, 'image/jpeg', 400, 'FILE_TYPE_MISMATCH'],
      [Buffer.from('<html><script>alert(1)</script>'), 'image/png', 400, 'FILE_TYPE_UNKNOWN'],
      [Buffer.from('MZ'), 'image/png', 400, 'FILE_TYPE_UNKNOWN'],
      [Buffer.alloc(0), 'image/png', 400, 'FILE_EMPTY'],
      [png.subarray(0, 4000), 'image/png', 400, 'FILE_NOT_WHOLE'],
      [Buffer.concat([png, Buffer.from('PK\u0003\u0004zip')]), 'image/png', 400, 'FILE_NOT_WHOLE'],
      [Buffer.from('%PDF-1.7'), 'application/pdf', 400, 'FILE_NOT_WHOLE'],
      [pdf, 'text/html', 415, 'UNSUPPORTED_MEDIA_TYPE'],
      [sampleFile('image/png', 10 * 1024 * 1024 + 1), 'image/png', 413, 'FILE_TOO_LARGE'],
    ];
    for (const [body, type, status, code] of refused) {
      expect(codeOf(await clerks.upload('awayClerk', caseId, 'card', body, type))).toEqual([status, code]);
    }
    expect(codeOf(await clerks.upload('awayClerk', caseId, 'photo', pdf))).toEqual([400, 'INVALID_INPUT']);
    expect(codeOf(await clerks.upload('homeClerk', caseId, 'card', pdf))).toEqual([403, 'OTHER_COUNTYS_STEP']);
    expect(filesKept()).toHaveLength(before);
    expect((await clerks.read('awayClerk', caseId)).body).toMatchObject({ version: 1, materials: [] });
    // Just ten megabytes are welcome.
    const whole = sampleFile('image/png', 10 * 1024 * 1024);
    expect((await clerks.upload('awayClerk', caseId, 'card', whole, 'image/png')).status).toBe(201);
    expect(filesKept()).toHaveLength(before + 1);
  });

  it('takes several files at once, and each has a version of its own', async () => {
    const caseId = await opened();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((seed) => clerks.upload('awayClerk', caseId, 'card', sampleFile('application/pdf', 900, seed))),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(answers.map(({ body }) => body.version).sort()).toEqual([2, 3, 4, 5]);
  });

  it('lists what is due, and reminds of it', async () => {
    const caseId = await opened();
    const listed = async (as: Caller, query = '') => {
      const { body } = await service.call('GET', `/v1/cases/due${query}`, { as });
      return body.cases.find((each) => each.caseId === caseId)?.isOverdue;
    };
    expect(await listed('awayClerk')).toBeUndefined();
    expect(await listed('homeClerk', '?by=2026-11-26')).toBe(false);
    expect(await listed('strangeClerk', '?by=2026-11-26')).toBeUndefined();
    service.clock.nowMs = NOW_MS + 3 * 24 * 60 * 60 * 1000;
    try {
      expect(await listed('awayClerk')).toBe(true);
      expect(await service.database.caseStore.remind('2026-11-27')).toBeGreaterThan(0);
      const { body } = await clerks.read('awayClerk', caseId);
      expect(body.reminders).toEqual([{ remindedOn: '2026-11-27', region: AWAY, dueDate: '2026-11-26' }]);
    } finally {
      service.clock.nowMs = NOW_MS;
    }
  });

  it('pages through the cases of a county', async () => {
    const whole = (await service.call('GET', '/v1/cases?limit=999', { as: 'awayClerk' })).body.cases;
    const seen: string[] = [];
    let before = '';
    do {
      const { body } = await service.call('GET', `/v1/cases?limit=4${before}`, { as: 'awayClerk' });
      seen.push(...body.cases.map(({ caseId }) => caseId));
      before = body.nextBefore === undefined ? '' : `&before=${body.nextBefore}`;
    } while (before !== '');
    expect(seen).toEqual(whole.map(({ caseId }) => caseId));
    const { body } = await service.call('GET', '/v1/cases?state=closed', { as: 'homeClerk' });
    expect(body.cases.map(({ state }) => state)).toEqual(['closed']);
  });

  it('counts services for operators, funds and clerks, each their own', async () => {
    const counts = async (as: Caller) =>
      (await service.call('GET', '/v1/cases/counts?from=2026-11&to=2026-11', { as })).body.counts;
    const all = await counts('operator');
    expect(all.find(({ serviceForm }) => serviceForm === 'straightThrough')).toEqual({
      month: '2026-11',
      serviceForm: 'straightThrough',
      openingRegion: AWAY,
      decidingRegion: HOME,
      count: 1,
    });
    expect(all.find(({ serviceForm }) => serviceForm === 'authorised')?.count).toBe(1);
    expect(await counts('homeFund')).toEqual(all);
    expect(await counts('strangeClerk')).toEqual([]);
    expect((await service.call('GET', '/v1/cases/counts?from=2026-11&to=2026-11', { as: 'hospital' })).status).toBe(
      403,
    );
  });

  it('lays guides side by side', async () => {
    const { body } = await service.call('GET', `/v1/guides?counties=${HOME},${AWAY}`, { as: 'hospital' });
    expect(body.counties.map(({ nameEn }) => nameEn)).toEqual(['Wujiang', 'Jiashan']);
    expect(body.entries.map(({ section, id, mark }) => `${section} ${id} ${mark}`)).toEqual([
      'filing zone same',
      'filing days differs',
      `filing only${HOME} onlyInOne`,
      `filing only${AWAY} onlyInOne`,
    ]);
    expect(body.entries[2]!.by[1]).toEqual({ region: AWAY });
    const none = await service.call('GET', `/v1/guides?counties=${HOME},310118`, { as: 'homeClerk' });
    expect(none.body.fields).toEqual([{ field: 'counties', problem: 'has no guide for 310118' }]);
  });
});
