import { hash } from 'node:crypto';
import { invariant } from '../../core/invariant.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { Fen } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';
import { ItemsHash, itemHash } from '../clearing/item-hash.ts';
import type { ClearingStore, PairStatement, StatementItem } from '../clearing/ports.ts';
import type { LifeQueries } from './ports.ts';

/** What exporting needs from outside. */
export interface ExportDeps {
  readonly clearing: Pick<ClearingStore, 'items' | 'adjustments' | 'institutionStatements'>;
  readonly lifeQueries: Pick<LifeQueries, 'institutionItems' | 'homesIn'>;
}

/**
 * A row of a statement's file: a bill, a line that came from an earlier window, or the total at the end. Members that a row
 * does not have are empty.
 */
export interface ExportRow {
  readonly kind: 'item' | Adjustment['kind'] | 'total';
  /** Settlement, objection or statement. */
  readonly id: string;
  readonly institutionId: string;
  readonly billNumber: string;
  readonly scheme: string;
  readonly benefit: string;
  readonly reverses: string;
  readonly layer: string;
  readonly total: Fen | undefined;
  readonly fundTotal: Fen | undefined;
  readonly account: Fen | undefined;
  readonly owed: Fen;
  /** Of the item or line; of all items at the total. */
  readonly hash: string;
}

/** A statement on its way out: what it is, and its rows in pages, each read when the one before is gone. */
export interface StatementExport {
  readonly statementId: string;
  readonly about: Readonly<Record<string, string | number>>;
  readonly pages: () => AsyncGenerator<readonly ExportRow[], undefined>;
}

const ITEMS_PER_PAGE = 2000;

const EMPTY = { billNumber: '', benefit: '', reverses: '', total: undefined, fundTotal: undefined, account: undefined };

/** Hash of a line from an earlier window, over its values in the order of the file, with `|` between them. */
export function adjustmentHash({ kind, subjectId, institutionId, scheme, layer, amount }: Adjustment): string {
  return hash('sha256', [kind, subjectId, institutionId, scheme, layer, formatFen(amount)].join('|'));
}

function itemRow(item: StatementItem): ExportRow {
  const { settlementId: id, institutionId, billNumber, scheme, benefit, reverses = '' } = item;
  const { total, fundTotal, account, owed } = item;
  const amounts = { total, fundTotal, account, owed };
  const about = { id, institutionId, billNumber, scheme, benefit, reverses, layer: '' };
  return { kind: 'item', ...about, ...amounts, hash: itemHash(item) };
}

function adjustmentRow(adjustment: Adjustment): ExportRow {
  const { kind, subjectId: id, institutionId, scheme, layer, amount } = adjustment;
  return { ...EMPTY, kind, id, institutionId, scheme, layer, owed: amount, hash: adjustmentHash(adjustment) };
}

/** Reads a page of items after one; less than the limit is the last page. */
type ReadPage = (after: string, limit: number) => Promise<readonly StatementItem[]>;

async function* itemPages(read: ReadPage): AsyncGenerator<readonly StatementItem[]> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await read(after, ITEMS_PER_PAGE);
    if (page.length > 0) yield page;
    after = page.length < ITEMS_PER_PAGE ? undefined : page.at(-1)?.settlementId;
  }
}

/** Reads several lists as one, in the order of settlement ids: the order in which items are hashed. */
function merging(reads: readonly ReadPage[]): ReadPage {
  return async (after, limit) => {
    const pages = await Promise.all(reads.map((read) => read(after, limit)));
    const items = pages.flat().sort((one, other) => (one.settlementId < other.settlementId ? -1 : 1));
    return items.slice(0, limit);
  };
}

interface Expected {
  readonly statementId: string;
  readonly institutionId: string;
  readonly owed: Fen;
  /** Undefined where nothing is stated. */
  readonly itemsHash: string | undefined;
}

/** Adds up what it hands out; the file has its last row only when that comes to what was stated. */
async function* rowsOf(
  read: ReadPage,
  adjustments: readonly Adjustment[],
  expected: Expected,
): AsyncGenerator<readonly ExportRow[], undefined> {
  const itemsHash = new ItemsHash();
  let owed = 0;
  for await (const page of itemPages(read)) {
    const rows = page.map(itemRow);
    for (const row of rows) {
      itemsHash.add(Buffer.from(row.hash, 'latin1'));
      owed += row.owed;
    }
    yield rows;
  }
  const lines = adjustments.map(adjustmentRow);
  if (lines.length > 0) yield lines;
  for (const line of lines) owed += line.owed;
  const digest = itemsHash.digest();
  invariant(owed === expected.owed, 'the rows of a file come to what was stated');
  invariant(digest === (expected.itemsHash ?? digest), 'the items of a file are those that were stated');
  const { statementId: id, institutionId } = expected;
  yield [{ ...EMPTY, kind: 'total', id, institutionId, scheme: '', layer: '', owed, hash: digest }];
}

/**
 * A pair's statement for a file: every bill with its hash, every line from earlier windows, the total.
 *
 * @throws InvariantViolation while it is read, when its rows do not come to what was stated
 */
export async function exportPairStatement(
  { clearing }: ExportDeps,
  { statementId, windowId, homeRegion, treatmentRegion, settlements, owed, itemsHash }: PairStatement,
): Promise<StatementExport> {
  const adjustments = (await clearing.adjustments(windowId)).filter(
    (line) => line.homeRegion === homeRegion && line.treatmentRegion === treatmentRegion,
  );
  const read: ReadPage = (after, limit) => clearing.items(windowId, homeRegion, treatmentRegion, after, limit);
  const expected = { statementId, institutionId: '', owed, itemsHash };
  return {
    statementId,
    about: { statementId, windowId, homeRegion, treatmentRegion, settlements },
    pages: () => rowsOf(read, adjustments, expected),
  };
}

/**
 * What an institution gets for a window, for a file: its bills of all home counties, its own too, and its lines from earlier
 * windows; where nothing is owed to it, those that there are.
 *
 * @throws InvariantViolation while it is read, when its rows do not come to what was stated
 */
export async function exportInstitutionStatement(
  { clearing, lifeQueries }: ExportDeps,
  windowId: number,
  institutionId: string,
  treatmentRegion: string,
): Promise<StatementExport> {
  const [statements, lines] = await Promise.all([
    clearing.institutionStatements(windowId),
    clearing.adjustments(windowId),
  ]);
  const stated = statements.find((one) => one.institutionId === institutionId);
  // Not from the gross: who paid everything in cash is stated with the others.
  const homes = stated === undefined ? [] : await lifeQueries.homesIn(windowId, treatmentRegion);
  const statementId = `${windowId}-${institutionId}`;
  const reads = homes.map(
    (homeRegion): ReadPage =>
      (after, limit) =>
        lifeQueries.institutionItems({ windowId, homeRegion, treatmentRegion, institutionId }, after, limit),
  );
  const adjustments = lines.filter((line) => line.institutionId === institutionId);
  const expected = { statementId, institutionId, owed: stated?.owed ?? 0, itemsHash: stated?.itemsHash };
  return {
    statementId,
    about: { statementId, windowId, institutionId, treatmentRegion },
    pages: () => rowsOf(merging(reads), adjustments, expected),
  };
}
