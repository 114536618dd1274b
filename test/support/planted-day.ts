import { join } from 'node:path';
import type { Knex } from 'knex';
import type { SettlementRow } from '../../src/app/ports.ts';
import type { DifferenceClass, FileSource } from '../../src/core/reconcile/rows.ts';
import { connectMysql, connectSqlite } from '../../src/db/engine/connect.ts';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { valuesText, type SqlValue } from '../../src/db/engine/sql-text.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { FIRST_DATE, freshPlace, type Place } from './databases.ts';
import { lineFor, planted, type DayLine } from './reconciliation-day.ts';
import { sampleReversal, sampleSettlement } from './settlement-samples.ts';

/** Windows of a planted day: one before it, the day itself, one after it. */
export const [BEFORE, DAY, AFTER] = [1, 2, 3];
export const HOSPITAL = 'H33042100001';
export const OTHER_HOSPITAL = 'H33042100002';
export const HOME_FUND = '320509';
export const OUR_RULES = 'a'.repeat(64);
export const THEIR_RULES = 'b'.repeat(64);

/** Business of a day, the file that the other side has of it, and every difference between them. */
export interface PlantedDay {
  readonly rows: readonly SettlementRow[];
  readonly lines: readonly DayLine[];
  /** Rows whose documents name {@link OUR_RULES}. */
  readonly withRules: readonly string[];
  /** What is to be found, once the lines stand in a file from a line number on. */
  differences(inOrder: readonly DayLine[], firstLineNo: number): string[];
}

interface Expected {
  readonly kind: DifferenceClass;
  readonly ours: string | undefined;
  /** Of several, the last in the file is one too many. */
  readonly lines: readonly DayLine[];
}

class Planter {
  readonly rows: SettlementRow[] = [];
  readonly lines: DayLine[] = [];
  readonly expected: Expected[] = [];
  readonly withRules: string[] = [];
  readonly #source: FileSource;
  #made = 0;

  constructor(source: FileSource) {
    this.#source = source;
  }

  settle(changes: Partial<SettlementRow> = {}): SettlementRow {
    this.#made += 1;
    const number = String(this.#made).padStart(8, '0');
    const { row } = sampleSettlement({
      settlementId: `0a${number}s`,
      billNumber: `MZ-${number}`,
      institutionId: HOSPITAL,
      personId: `p${this.#made % 977}`,
      homeRegion: HOME_FUND,
      treatmentRegion: '330421',
      windowId: DAY,
      ...changes,
    });
    this.rows.push(row);
    return row;
  }

  reverse(row: SettlementRow, windowId: number): SettlementRow {
    const { row: reversal } = sampleReversal({ row, document: '' }, windowId);
    this.rows.push(reversal);
    return reversal;
  }

  line(row: SettlementRow, changes: Partial<DayLine> = {}): DayLine {
    const line = { ...lineFor(row), ...changes };
    this.lines.push(line);
    return line;
  }

  expect(kind: DifferenceClass, ours: SettlementRow | undefined, ...lines: readonly (DayLine | undefined)[]): void {
    this.expected.push({ kind, ours: ours?.settlementId, lines: lines.filter((line) => line !== undefined) });
  }

  /** One of the ways in which a day and a file can differ, or agree in spite of looking otherwise. */
  plant(way: number): void {
    switch (way) {
      case 1: {
        this.expect('missingThere', this.settle(), undefined);
        return;
      }
      case 2: {
        const row = this.settle();
        this.expect('amount', row, this.line(row, { fundTotal: row.fundTotal + 1 }));
        return;
      }
      case 3: {
        const row = this.settle();
        this.expect('amount', row, this.line(row, { total: row.total + 1 }));
        return;
      }
      case 4: {
        const line = this.line(this.settle({ windowId: AFTER }), { settlementId: `0b${this.#made}x`, visitId: 'none' });
        this.expect('missingHere', undefined, line);
        return;
      }
      case 5: {
        const row = this.settle();
        this.line(row);
        this.expect('duplicate', row, this.line(row, { visitId: 'again', total: row.total + 500 }));
        return;
      }
      case 6: {
        const row = this.settle();
        this.line(row);
        const line = this.line(row, { settlementId: `${row.settlementId}y` });
        this.expect(this.#source === 'institution' ? 'duplicate' : 'missingHere', undefined, line);
        return;
      }
      case 7: {
        const row = this.settle();
        this.line(row);
        this.line(this.reverse(row, DAY));
        return;
      }
      case 8: {
        const row = this.settle();
        this.line(row);
        this.expect('reversedAfterClose', undefined, this.line(this.reverse(row, AFTER)));
        return;
      }
      case 9: {
        const row = this.settle();
        this.reverse(row, AFTER);
        this.expect('reversedAfterClose', row, undefined);
        return;
      }
      case 10: {
        this.expect('reversedAfterClose', this.reverse(this.settle({ windowId: BEFORE }), DAY), undefined);
        return;
      }
      case 11: {
        this.line(this.reverse(this.settle({ windowId: BEFORE }), DAY));
        return;
      }
      case 12: {
        this.expect('missingHere', undefined, this.line(this.settle({ windowId: AFTER })));
        return;
      }
      case 13:
      case 14: {
        const row = this.settle();
        this.withRules.push(row.settlementId);
        const hash = way === 13 ? THEIR_RULES : OUR_RULES;
        const hasHash = this.#source === 'fund';
        const line = this.line(row, { fundTotal: row.fundTotal - 7, ...(hasHash && { policyHash: hash }) });
        this.expect(way === 13 && hasHash ? 'ruleVersion' : 'amount', row, line);
        return;
      }
      case 15: {
        const row = this.settle();
        this.line(row);
        const reversal = this.reverse(row, DAY);
        this.line(reversal, { settlementId: reversal.settlementId });
        return;
      }
      case 16: {
        const row = this.settle();
        this.line(row);
        const reversal = this.reverse(row, DAY);
        const both = [this.line(reversal), this.line(reversal, { settlementId: reversal.settlementId })];
        this.expect('duplicate', reversal, ...both);
        return;
      }
      case 17: {
        const row = this.settle();
        this.expect('amount', row, this.line(row, { personId: 'somebody-else' }));
        return;
      }
      case 18: {
        const row = this.settle();
        this.line(row);
        const { total, fundTotal, account } = row;
        const undone = { total: 0 - total, fundTotal: 0 - fundTotal, account: 0 - account, refund: 1 as const };
        this.expect('missingHere', undefined, this.line(row, undone));
        return;
      }
      case 19: {
        const row = this.settle();
        this.line(this.settle({ windowId: BEFORE }), { settlementId: '' });
        this.lines.pop();
        const before = this.rows.at(-1)!;
        this.reverse(before, DAY);
        this.line(this.rows.at(-1)!);
        this.line(row);
        this.expect('reversedAfterClose', undefined, this.line(before));
        return;
      }
      case 20: {
        const row = this.settle();
        this.expect('duplicate', row, this.line(row), this.line(row, { visitId: 'another-visit' }));
        return;
      }
      default:
        this.line(this.settle());
    }
  }
}

/** Ways that {@link Planter.plant} knows. */
const WAYS = 21;

/** Plants every kind of difference a few times among `count` settlements that agree, and others' business beside them. */
export function plantDay(count: number, source: FileSource): PlantedDay {
  const planter = new Planter(source);
  const every = Math.max(1, Math.floor(count / 20 / WAYS));
  for (let index = 0; index < count; index += 1) {
    planter.plant(index % every === 0 ? Math.floor(index / every) % WAYS : 0);
    // Other people's business of the same day.
    if (index % 50 === 0) planter.settle({ institutionId: OTHER_HOSPITAL, homeRegion: '310118' });
  }
  return {
    rows: planter.rows,
    lines: planter.lines,
    withRules: planter.withRules,
    differences(inOrder, firstLineNo) {
      const numbers = new Map(inOrder.map((line, index) => [line, index + firstLineNo]));
      const last = (of: readonly DayLine[]) => Math.max(...of.map((line) => numbers.get(line)!));
      const text = ({ kind, ours, lines }: Expected) => planted(kind, ours, lines.length > 0 ? last(lines) : undefined);
      return planter.expected.map(text).sort();
    },
  };
}

/** Connects beside the stores, to write rows as no use case would. */
export function connectTo({ url, dataDir }: Place): Knex {
  return url === undefined ? connectSqlite(join(dataDir, 'tongjie.sqlite')) : connectMysql(parseMysqlAddress(url));
}

/** A fresh database with its first window open, and a connection of the test's own to the same place. */
export async function openBooks(engine: Database['engine']) {
  const place = await freshPlace(engine);
  const database = await openDatabase(place);
  await database.migrate();
  await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
  const knex = connectTo(place);
  const close = async (): Promise<void> => {
    await knex.destroy();
    await database.close();
    place.remove();
  };
  return { database, knex, close };
}

const COLUMNS = `settlement_id, institution_id, bill_key, attempt, request_key, content_hash, reverses, person_id, home_region,
  treatment_region, scheme, benefit, window_id, visit_date, settled_on, settled_at_ms, total_fen, full_self_pay_fen,
  over_limit_fen, first_self_pay_fen, eligible_fen, pool_fen, large_cost_fen, serious_illness_fen, civil_servant_fen,
  medical_aid_fen, fund_total_fen, person_total_fen, account_fen, cash_fen`;

function values(row: SettlementRow): SqlValue[] {
  const { pool, largeCost, seriousIllness, civilServant, medicalAid } = row.funds;
  return [
    ...[
      row.settlementId,
      row.institutionId,
      `${row.institutionId}/${row.billNumber}`,
      row.attempt,
      '',
      row.contentHash,
    ],
    ...[row.reverses ?? null, row.personId, row.homeRegion, row.treatmentRegion, row.scheme, row.benefit, row.windowId],
    ...[row.visitDate, row.settledOn, row.settledAtMs, row.total, row.fullSelfPay, row.overLimit, row.firstSelfPay],
    ...[row.eligible, pool, largeCost, seriousIllness, civilServant, medicalAid, row.fundTotal, row.personTotal],
    ...[row.account, row.cash],
  ];
}

/** Writes settlements in bulk, without postings: matching reads none. */
export async function insertSettlements(knex: Knex, rows: readonly SettlementRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 1000) {
    const text = valuesText(rows.slice(from, from + 1000).map(values));
    await knex.raw(`INSERT INTO settlement (${COLUMNS}) VALUES ${text}`);
  }
}

/** Writes the days that a planted day lies between, and its business. */
export async function insertDay(knex: Knex, day: Pick<PlantedDay, 'rows' | 'withRules'>): Promise<void> {
  await knex('clearing_window').del();
  await knex('clearing_window').insert([
    { window_id: BEFORE, business_date: '2026-11-24', state: 'closed', opened_at_ms: 0, closed_at_ms: 1 },
    { window_id: DAY, business_date: '2026-11-25', state: 'closed', opened_at_ms: 1, closed_at_ms: 2 },
    { window_id: AFTER, business_date: '2026-11-26', state: 'open', opened_at_ms: 2 },
  ]);
  await knex('open_window').update({ window_id: AFTER });
  await insertSettlements(knex, day.rows);
  const document = JSON.stringify({ verdict: { policyHash: OUR_RULES } });
  for (const settlementId of day.withRules) {
    await knex('settlement_document').insert({ settlement_id: settlementId, document });
  }
}
