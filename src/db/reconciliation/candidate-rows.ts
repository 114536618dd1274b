import type { Knex } from 'knex';
import type { Candidate, ReconciliationRun } from '../../app/reconciliation/ports.ts';
import type { BookedRow, FileLine, RelatedRow, Unmatched } from '../../core/reconcile/rows.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { optionalText, PARTY_COLUMNS } from './run-rows.ts';
import type { Row } from '../engine/raw-rows.ts';

/** A settlement row with what finds its reversal. */
interface Booked {
  readonly row: BookedRow;
  readonly billKey: string;
  readonly attempt: number;
}

const BOOKED = [
  'settlement_id',
  'window_id',
  'person_id',
  'institution_id',
  'home_region',
  'treatment_region',
  'scheme',
  'reverses',
  'total_fen',
  'fund_total_fen',
  'account_fen',
  'bill_key',
  'attempt',
];

function bookedOf(row: Row): Booked {
  return {
    row: {
      settlementId: row.settlement_id as string,
      windowId: exactInteger(row.window_id),
      billNumber: (row.bill_key as string).slice((row.institution_id as string).length + 1),
      personId: row.person_id as string,
      institutionId: row.institution_id as string,
      homeRegion: row.home_region as string,
      treatmentRegion: row.treatment_region as string,
      scheme: row.scheme as Scheme,
      reverses: optionalText(row.reverses),
      total: exactInteger(row.total_fen),
      fundTotal: exactInteger(row.fund_total_fen),
      account: exactInteger(row.account_fen),
    },
    billKey: row.bill_key as string,
    attempt: exactInteger(row.attempt),
  };
}

function lineOf(row: Row): FileLine {
  return {
    lineNo: exactInteger(row.line_no),
    givenId: optionalText(row.given_id) ?? (row.settlement_id as string),
    refund: exactInteger(row.refund) === 1,
    visitId: row.visit_id as string,
    personId: row.person_id as string,
    total: exactInteger(row.total_fen),
    fundTotal: exactInteger(row.fund_total_fen),
    account: exactInteger(row.account_fen),
    policyHash: optionalText(row.policy_hash),
  };
}

/** All that is stored about some ids: rows of ours by id, lines by id, other rows of the same bills by bill key. */
interface Surroundings {
  readonly booked: ReadonlyMap<string, Booked>;
  readonly lines: ReadonlyMap<string, readonly FileLine[]>;
  readonly bills: ReadonlyMap<string, readonly (RelatedRow & { readonly attempt: number })[]>;
  /** Ids of the same bills of which the file has no line. */
  readonly notInFile: ReadonlySet<string>;
}

function billKeyOfLine({ source, party }: ReconciliationRun, line: FileLine): string | undefined {
  return source === 'institution' ? `${party}/${line.visitId}` : undefined;
}

async function surroundingsOf(knex: Knex, run: ReconciliationRun, ids: readonly string[]): Promise<Surroundings> {
  const [ours, theirs] = await Promise.all([
    knex<Row>('settlement')
      .whereIn('settlement_id', [...ids])
      .select(BOOKED),
    knex<Row>('reconciliation_line')
      .where('run_id', run.runId)
      .whereIn('settlement_id', [...ids])
      .orderBy(['settlement_id', 'line_no'])
      .select('*'),
  ]);
  const booked = new Map((ours as Row[]).map(bookedOf).map((each) => [each.row.settlementId, each]));
  const lines = Map.groupBy(theirs, (row) => row.settlement_id as string);
  const lineIds = new Map(Array.from(lines, ([id, rows]) => [id, rows.map(lineOf)]));
  const unknown = [...lineIds].filter(([id]) => !booked.has(id)).flatMap(([, of]) => of);
  const keys = new Set([
    ...[...booked.values()].map(({ billKey }) => billKey),
    ...unknown.flatMap((line) => billKeyOfLine(run, line) ?? []),
  ]);
  const attempts: Row[] = await knex('settlement')
    .whereIn('bill_key', [...keys])
    .select(['bill_key', 'attempt', 'settlement_id', 'window_id']);
  const bills = Map.groupBy(attempts, (row) => row.bill_key as string);
  const withoutLine = knex('reconciliation_unmatched as u')
    .where('u.run_id', run.runId)
    .whereIn('u.settlement_id', unknown.length === 0 ? [] : attempts.map((row) => row.settlement_id as string))
    .whereNotExists(
      knex('reconciliation_line as l').whereRaw('l.run_id = u.run_id AND l.settlement_id = u.settlement_id'),
    );
  const notInFile = await withoutLine.select<Row[]>('u.settlement_id');
  return {
    booked,
    lines: lineIds,
    bills: new Map(
      Array.from(bills, ([key, rows]) => [
        key,
        rows.map((row) => ({
          settlementId: row.settlement_id as string,
          windowId: exactInteger(row.window_id),
          attempt: exactInteger(row.attempt),
        })),
      ]),
    ),
    notInFile: new Set(notInFile.map((row) => row.settlement_id as string)),
  };
}

function relatedRow(row: RelatedRow | undefined): RelatedRow | undefined {
  return row === undefined ? undefined : { settlementId: row.settlementId, windowId: row.windowId };
}

function counterpartOf(of: Booked | undefined, { bills }: Surroundings): RelatedRow | undefined {
  if (of === undefined) return undefined;
  return relatedRow(bills.get(of.billKey)?.find(({ attempt }) => attempt === -of.attempt));
}

/** Of a row of ours that is not unmatched the file has the one line that says the same, which is not stored. */
function sameBillOf(run: ReconciliationRun, line: FileLine, around: Surroundings): RelatedRow | undefined {
  const rows = around.bills.get(billKeyOfLine(run, line) ?? '') ?? [];
  return relatedRow(
    rows.find(
      ({ attempt, windowId, settlementId }) =>
        attempt < 0 === line.refund && windowId === run.windowId && !around.notInFile.has(settlementId),
    ),
  );
}

function candidateOf(run: ReconciliationRun, id: string, refund: boolean, around: Surroundings): Candidate | undefined {
  const found = around.booked.get(id);
  const party = PARTY_COLUMNS[run.source] === 'institution_id' ? found?.row.institutionId : found?.row.homeRegion;
  const booked = found !== undefined && (found.row.reverses !== undefined) === refund ? found : undefined;
  const lines = (around.lines.get(id) ?? []).filter((line) => line.refund === refund);
  const isForeign = found !== undefined && party !== run.party && lines.length > 0;
  const isOurs = booked?.row.windowId === run.windowId && party === run.party;
  if (!isOurs && lines.length === 0) return undefined;
  const [first] = lines;
  const unmatched: Unmatched = {
    ours: isOurs ? booked.row : undefined,
    lines,
    elsewhere: isOurs ? undefined : booked?.row,
    counterpart: counterpartOf(booked, around),
    sameBill: found === undefined && first !== undefined ? sameBillOf(run, first, around) : undefined,
    policyHash: undefined,
  };
  return { unmatched, isForeign };
}

/** All that is known about some ids that did not agree, settlements and reversals apart. */
export async function candidatesOf(
  knex: Knex,
  run: ReconciliationRun,
  ids: readonly string[],
): Promise<readonly Candidate[]> {
  const around = await surroundingsOf(knex, run, ids);
  return ids.flatMap((id) => [false, true].flatMap((refund) => candidateOf(run, id, refund, around) ?? []));
}
