import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReconciliationRunView } from '../../src/http/schemas/reconciliation.ts';
import { connectTo } from '../support/planted-day.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { chsText, csvText, lineFor, type DayLine } from '../support/reconciliation-day.ts';
import { prepareGround, startOn, type Caller, type Ground, type TestService } from '../support/service.ts';
import { zipOf } from '../support/zip-files.ts';

const HOSPITAL = 'H33042100001';
const DATE = '2026-11-24';
const about = { source: 'institution', party: HOSPITAL, businessDate: DATE } as const;
const CSV = 'text/csv';
const ZIP = 'application/zip';
const TAB = 'text/tab-separated-values';

interface BadFile {
  readonly type: string;
  readonly content: (good: string, chs: string, others: readonly DayLine[]) => string | Buffer | Promise<Buffer>;
  readonly problems: readonly object[];
}

const field = (line: number, column: number, name: string, problem: string): object => ({
  line,
  column,
  name,
  problem,
});
const words = (text: string, from: string, to: Buffer): Buffer => {
  const [before = '', after = ''] = text.split(from, 2);
  return Buffer.concat([Buffer.from(before), to, Buffer.from(after)]);
};
const GBK = Buffer.from([0xc3, 0xc5, 0xd5, 0xef]);

const BAD: Readonly<Record<string, BadFile>> = {
  'a ZIP file that was cut off': {
    type: ZIP,
    content: async (_, chs) => {
      const zip = await zipOf({ '3202.txt': chs });
      return zip.subarray(0, zip.length - 30);
    },
    problems: [expect.objectContaining({ line: 0, column: 0 }) as object],
  },
  'a ZIP file of two files': {
    type: ZIP,
    content: (_, chs) => zipOf({ 'a.txt': chs, 'b.txt': chs }),
    problems: [field(0, 0, '', expect.stringContaining('2 entries') as string)],
  },
  'GBK in CSV': {
    type: CSV,
    content: (good) => words(good, ',0,p1,', Buffer.concat([Buffer.from(',0,'), GBK, Buffer.from(',')])),
    problems: [field(2, 6, 'personId', 'is not UTF-8: is the file GBK?')],
  },
  'GBK in the form of 3202': {
    type: TAB,
    content: (_, chs) => words(chs, '\tp1\t', Buffer.concat([Buffer.from('\t'), GBK, Buffer.from('\t')])),
    problems: [field(1, 3, 'psn_no', 'is not UTF-8: is the file GBK?')],
  },
  'UTF-16': {
    type: CSV,
    content: (good) => Buffer.from(`\ufeff${good}`, 'utf16le'),
    problems: [field(1, 0, '', 'the file is UTF-16: it must be UTF-8')],
  },
  'a row that is there twice': {
    type: CSV,
    content: (good) => `${good}${good.split('\n')[1]!}\n`,
    problems: [field(4, 3, 'settlementId', 'repeats line 2')],
  },
  'a row that is there twice, as 3202 in a ZIP file': {
    type: ZIP,
    content: (_, chs) => zipOf({ '3202.txt': `${chs}${chs.split('\n')[1]!}\n` }),
    problems: [field(3, 1, 'setl_id', 'repeats line 2')],
  },
  'an amount with three decimals': {
    type: CSV,
    content: (good) => good.replace(',2000.00,', ',2000.005,'),
    problems: [field(3, 7, 'total', 'has more than two decimals')],
  },
  'an amount with three decimals, as 3202': {
    type: TAB,
    content: (_, chs) => chs.replace('\t1000.00\t', '\t1000.000\t'),
    problems: [field(1, 4, 'medfee_sumamt', 'has more than two decimals')],
  },
  'rows for another institution and another day': {
    type: CSV,
    content: (good) => good.replace(HOSPITAL, 'H31011800001').replace(`${HOSPITAL},${DATE}`, `${HOSPITAL},2026-11-23`),
    problems: [
      field(2, 1, 'institutionId', 'is not the one that the file is sent for'),
      field(3, 2, 'businessDate', 'is not the day of the file'),
    ],
  },
  "another institution's settlements": {
    type: TAB,
    content: (_, chs, others) => chs + chsText(others),
    problems: [field(3, 1, 'setl_id', 'is not a settlement of this institution')],
  },
};

describe.each(['sqlite', 'mariadb'] as const)('a bad reconciliation file over HTTP on %s', (engine) => {
  let service: TestService;
  let ground: Ground;
  let knex: Knex;
  let own: DayLine[];
  let others: DayLine[];

  const settle = async (as: Caller, institutionId: string, personId: string, amount: string): Promise<DayLine> => {
    const bill = postedBill({ personId, total: amount, lines: [postedLine(amount)] });
    const { body } = await service.call('POST', '/v1/settlements', { as, body: { ...bill, institutionId } });
    return lineFor((await service.database.settlementQueries.byId(body.settlementId))!.row);
  };

  const send = async (content: string | Buffer, type: string, date = DATE) => {
    const body = typeof content === 'string' ? content : new Uint8Array(content);
    const headers = { 'content-type': type };
    const path = `/v1/reconciliation-files?businessDate=${date}`;
    const answer = await service.call('POST', path, { as: 'hospital', body, headers });
    return { ...answer, run: answer.body as unknown as ReconciliationRunView };
  };

  const finished = async ({ runId }: ReconciliationRunView): Promise<ReconciliationRunView> => {
    for (;;) {
      const { body } = await service.call('GET', `/v1/reconciliation-runs/${runId}`, { as: 'hospital' });
      const now = body as unknown as ReconciliationRunView;
      if (now.state !== 'loading' && now.state !== 'loaded') return now;
      await sleep(20);
    }
  };

  /** Everything that a file could have left behind. */
  const leftBehind = async (): Promise<Record<string, number>> => {
    const kept = ['reconciliation_line', 'reconciliation_unmatched'];
    const tables = [...kept, 'reconciliation_difference', 'clearing_adjustment', 'journal_entry'];
    const counted = tables.map(async (table) => {
      const [row] = await knex(table).count({ n: '*' });
      return [table, Number(row!.n)] as const;
    });
    return Object.fromEntries(await Promise.all(counted));
  };

  beforeAll(async () => {
    ground = await prepareGround(engine);
    service = await startOn(ground);
    knex = connectTo(ground.place);
    own = [await settle('hospital', HOSPITAL, 'p1', '1000.00'), await settle('hospital', HOSPITAL, 'p2', '2000.00')];
    others = [await settle('otherHospital', 'H31011800001', 'p1', '500.00')];
    await service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate: DATE } });
  });

  afterAll(async () => {
    await knex.destroy();
    await service.stop();
    ground.remove();
  });

  it.each(Object.keys(BAD))('is refused whole: %s', async (what) => {
    const { type, content, problems } = BAD[what]!;
    const { status, run } = await send(await content(csvText(own, about), chsText(own), others), type);
    expect(status).toBe(202);
    expect(await finished(run)).toMatchObject({ state: 'refused', differences: 0, problems });
    // A run is refused first, and then its lines, which count for nothing any more, are removed.
    await expect.poll(async () => Object.values(await leftBehind())).toEqual([0, 0, 0, 0, 0]);
  });

  it('is in the way of nothing: the good file is taken, and no further one once its period is closed', async () => {
    const run = await finished((await send(csvText(own, about), CSV)).run);
    expect(run).toMatchObject({ state: 'matched', lines: 2, differences: 0 });
    const path = `/v1/reconciliation-runs/${run.runId}/closing`;
    expect((await service.call('POST', path, { as: 'awayClerk', body: {} })).status).toBe(200);
    const late = await send(csvText(own.slice(1), about), CSV);
    expect([late.status, late.body.code]).toEqual([409, 'PERIOD_CLOSED']);
    const none = await send(csvText([], { ...about, businessDate: '2026-01-01' }), CSV, '2026-01-01');
    expect([none.status, none.body.code]).toEqual([404, 'NO_SUCH_PERIOD']);
    await expect.poll(async () => Object.values(await leftBehind())).toEqual([0, 0, 0, 0, 0]);
  });
});
