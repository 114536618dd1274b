import { rmSync } from 'node:fs';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettlementRow } from '../../../src/app/ports.ts';
import type { SentFile } from '../../../src/app/reconciliation/begin-run.ts';
import type { ReconciliationRun } from '../../../src/app/reconciliation/ports.ts';
import { reconcileFiles } from '../../../src/app/reconciliation/reconcile-files.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { createChance, seedOf, type Chance } from '../../../src/simulators/chance.ts';
import { AFTER, BEFORE, openBooks, DAY, insertDay, OUR_RULES, THEIR_RULES } from '../../support/planted-day.ts';
import {
  allDifferences,
  chsText,
  csvText,
  lineFor,
  reconcilingDeps,
  STAGING_FOLDER,
  stagingLeft,
  told,
  withFile,
  type DayLine,
} from '../../support/reconciliation-day.ts';
import { judgeFile, type OracleCase } from '../../support/reconciliation-oracle.ts';
import { sampleReversal, sampleSettlement } from '../../support/settlement-samples.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const ROUNDS = 40;
const DATE = '2026-11-25';
const HOSPITALS = ['H33042100001', 'H33042100002', 'H33042100003'];
const FUNDS = ['320509', '310118'];
const TABLES = [
  'settlement',
  'settlement_document',
  'reconciliation_run',
  'reconciliation_line',
  'reconciliation_unmatched',
  'reconciliation_difference',
];

/** Ids that begin like each other, in all sorts of characters, short and long. */
function newId(chance: Chance, taken: Set<string>): string {
  for (;;) {
    const length = chance.between(1, chance.hits(100) ? 39 : 5);
    const id = Array.from({ length }, () => chance.pick(['-', '.', '0', '9', 'A', 'Z', '_', 'a', 'z'])).join('');
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

interface Books {
  readonly rows: readonly SettlementRow[];
  readonly rules: ReadonlyMap<string, string>;
  readonly taken: Set<string>;
}

function randomRow(chance: Chance, settlementId: string, changes: Partial<SettlementRow>): SettlementRow {
  const { row } = sampleSettlement({ settlementId, ...changes });
  const more = chance.below(3);
  return {
    ...row,
    total: row.total + more,
    eligible: row.eligible + more,
    personTotal: row.personTotal + more,
    cash: row.cash + more,
  };
}

/** Bills of several parties over three windows: settled, reversed in the same window or a later one, settled again. */
function randomBooks(chance: Chance, bills: number): Books {
  const taken = new Set<string>();
  const rows: SettlementRow[] = [];
  const rules = new Map<string, string>();
  for (let bill = 0; bill < bills; bill += 1) {
    const about = {
      billNumber: `B${bill}`,
      personId: `p${chance.below(9)}`,
      institutionId: chance.pick(HOSPITALS.slice(0, 2)),
      homeRegion: chance.pick(FUNDS),
    };
    let windowId = chance.pick([BEFORE, DAY, DAY, DAY, AFTER]);
    for (let attempt = 1; ; attempt += 1) {
      const row = randomRow(chance, newId(chance, taken), { ...about, windowId, attempt });
      rows.push(row);
      if (chance.hits(600)) rules.set(row.settlementId, OUR_RULES);
      if (!chance.hits(300)) break;
      windowId = chance.between(windowId, AFTER);
      rows.push({ ...sampleReversal({ row, document: '' }, windowId).row, settlementId: newId(chance, taken) });
      if (!chance.hits(400)) break;
    }
  }
  return { rows, rules, taken };
}

/** A line, a little wrong, or several of it, or none. */
function spoil(chance: Chance, line: DayLine, taken: Set<string>): DayLine[] {
  const sign = line.refund === 1 ? -1 : 1;
  const undone = { total: 0 - line.total, fundTotal: 0 - line.fundTotal, account: 0 - line.account };
  const again = { ...line, visitId: `${line.visitId}-again` };
  const byRules = (): DayLine[] => {
    return [
      { ...line, fundTotal: line.fundTotal + sign, policyHash: chance.pick([OUR_RULES, THEIR_RULES, THEIR_RULES]) },
    ];
  };
  if (chance.hits(200)) return byRules();
  const ways: readonly (() => DayLine[])[] = [
    () => [],
    () => [{ ...line, fundTotal: line.fundTotal + sign }],
    () => [{ ...line, total: line.total + 10 * sign }],
    () => [{ ...line, account: line.account + 10 * sign }],
    // Begins like ours.
    () => [{ ...line, account: line.account * 10 }],
    () => [{ ...line, personId: 'p-9' }],
    () => [line, again],
    () => [again, line],
    () => [{ ...line, total: line.total + sign }, again, { ...again, visitId: 'third' }],
    () => [
      { ...line, fundTotal: line.fundTotal + sign, policyHash: chance.pick([OUR_RULES, THEIR_RULES, THEIR_RULES]) },
    ],
    () => [{ ...line, policyHash: THEIR_RULES }],
    () => [line, { ...line, settlementId: newId(chance, taken) }],
    () => [{ ...line, settlementId: newId(chance, taken) }],
    // The other way round: a refund of what nobody reversed, or a reversal that stands there as a bill.
    () => [{ ...line, ...undone, refund: line.refund === 1 ? 0 : 1 }],
    () => [line, { ...line, ...undone, refund: line.refund === 1 ? 0 : 1 }],
    // Before all of ours, and after them.
    () => [line, { ...line, settlementId: chance.pick(['-', 'zzzzzzzz']) }],
  ];
  return chance.pick(ways)();
}

function ordered(chance: Chance, lines: readonly DayLine[]): DayLine[] {
  const sorted = [...lines].sort((left, right) => (left.settlementId < right.settlementId ? -1 : 1));
  const order = chance.below(4);
  if (order === 0) return chance.pickSome(lines, lines.length);
  // One that is above all others and comes first makes strays of all others.
  if (order === 1) return [...sorted.slice(-1), ...sorted.slice(0, -1)];
  if (order === 2 && sorted.length > 2) sorted.push(...sorted.splice(chance.below(sorted.length), 1));
  return sorted;
}

function randomLines(chance: Chance, { rows, taken }: Books, source: OracleCase['source'], party: string): DayLine[] {
  const isTheirs = (row: SettlementRow) => (source === 'institution' ? row.institutionId : row.homeRegion) === party;
  const perMille = chance.pick([0, 100, 400, 1000]);
  const lines = rows.flatMap((row): DayLine[] => {
    const isForeign = !isTheirs(row);
    if (isForeign && !(perMille === 100 && chance.hits(3))) return [];
    if (row.windowId !== DAY && !chance.hits(perMille / 2)) return [];
    const line = chance.hits(500) ? lineFor(row) : { ...lineFor(row), settlementId: row.settlementId };
    return chance.hits(perMille) ? spoil(chance, line, taken) : [line];
  });
  const twice = perMille > 0 && chance.hits(100) ? chance.pickSome(lines, chance.between(1, 2)) : [];
  return ordered(chance, [...lines, ...twice]);
}

type About = Pick<SentFile, 'source' | 'party' | 'region' | 'businessDate'>;

function withFiles<T>(
  files: readonly (readonly [content: string, about: About & { readonly fileName: string }])[],
  work: (sent: readonly SentFile[]) => Promise<T>,
  open: readonly SentFile[] = [],
): Promise<T> {
  const [next, ...rest] = files;
  if (next === undefined) return work(open);
  return withFile(...next, (sent) => withFiles(rest, work, [...open, sent]));
}

function sumOf(rows: readonly Pick<DayLine, 'total' | 'fundTotal' | 'account'>[]) {
  const of = (figure: 'total' | 'fundTotal' | 'account') => rows.reduce((sum, row) => sum + row[figure], 0);
  return { settlements: rows.length, total: of('total'), fundTotal: of('fundTotal'), account: of('account') };
}

describe.each(['sqlite', 'mariadb'] as const)(`random files (SEED=${SEED}) on %s`, (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;
  let database: Database;
  let knex: Knex;
  /** What came up, so that a generator that has gone tame is noticed. */
  const seen = new Map<string, number>();

  beforeAll(async () => {
    books = await openBooks(engine);
    ({ database, knex } = books);
  });

  afterAll(async () => {
    await books.close();
    rmSync(STAGING_FOLDER, { recursive: true, force: true });
  });

  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

  async function check(run: ReconciliationRun, facts: OracleCase): Promise<void> {
    const answer = judgeFile(facts);
    if ('refusedLines' in answer) {
      count('refused');
      expect([run.state, run.problems.map(({ line }) => line).sort((a, b) => a - b)]).toEqual([
        'refused',
        answer.refusedLines,
      ]);
      return;
    }
    const found = await allDifferences(database, run.runId);
    for (const each of found) count(each.class);
    if (found.length === 0) count('nothing');
    expect([run.state, run.problems, found.map(told).sort()]).toEqual(['matched', [], answer.differences]);
    expect(run.differences).toBe(found.length);
    const refundsOf = (rows: readonly SettlementRow[]) => rows.filter(({ reverses }) => reverses !== undefined);
    expect(run.ourTotals).toEqual({
      settled: sumOf(answer.ours.filter(({ reverses }) => reverses === undefined)),
      refunded: sumOf(refundsOf(answer.ours)),
    });
    expect(run.fileTotals).toEqual({
      settled: sumOf(facts.lines.filter(({ refund }) => refund === 0)),
      refunded: sumOf(facts.lines.filter(({ refund }) => refund === 1)),
    });
  }

  /** Files of all parties of a kind, in one pass. */
  async function reconcileAll(chance: Chance, books: Books): Promise<void> {
    for (const table of TABLES) await knex(table).del();
    await insertDay(knex, { rows: books.rows, withRules: [...books.rules.keys()] });
    const source = chance.pick(['institution', 'fund'] as const);
    const parties = source === 'institution' ? HOSPITALS : FUNDS;
    const cases = parties.map((party): OracleCase => {
      const lines = randomLines(chance, books, source, party);
      const isCsv = source === 'fund' || lines.some(({ policyHash }) => policyHash !== undefined) || chance.hits(500);
      return { books: books.rows, rules: books.rules, source, party, windowId: DAY, lines, firstLineNo: isCsv ? 2 : 1 };
    });
    const files = cases.map(({ party, lines, firstLineNo }) => {
      const region = source === 'fund' ? party : '330421';
      const about = { source, party, region, businessDate: DATE };
      const isCsv = firstLineNo === 2;
      const content = isCsv ? csvText(lines, about) : chsText(lines);
      return [content, { ...about, fileName: isCsv ? 'day.csv' : 'day.txt' }] as const;
    });
    const runs = await withFiles(files, (sent) => reconcileFiles(reconcilingDeps(database), sent));
    for (const [at, run] of runs.entries()) await check(run, cases[at]!);
    for (const table of ['reconciliation_line', 'reconciliation_unmatched']) {
      expect(await knex(table).select('*')).toEqual([]);
    }
    expect(stagingLeft()).toEqual([]);
  }

  it(`differ from random books in what an independent judge finds, and in nothing else`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const chance = createChance(seedOf(SEED, engine, round));
      await reconcileAll(chance, randomBooks(chance, chance.between(0, 60)));
    }
    const kinds = ['nothing', 'refused', 'missingHere', 'missingThere', 'amount', 'duplicate'];
    expect([...kinds, 'reversedAfterClose', 'ruleVersion'].filter((kind) => !seen.has(kind))).toEqual([]);
  }, 120_000);
});
