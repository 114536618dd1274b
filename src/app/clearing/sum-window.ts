import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  bookedFor,
  differencesOf,
  postedDifferences,
  type AccountSum,
  type BillGroup,
  type Difference,
  type GroupSum,
} from '../../core/clearing/agreement.ts';
import { owedByPair } from '../../core/clearing/netting.ts';
import { invariant } from '../../core/invariant.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { Fen } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';
import { FUNDS, type Scheme } from '../../core/policy/terms.ts';
import { AppError } from '../../platform/errors.ts';
import type { GrossItem, InstitutionStatement, PairStatement } from '../ports.ts';
import { adjustedIn, withAdjustments } from './add-adjustments.ts';
import { HASH_LENGTH, itemHash, ItemsHash } from './item-hash.ts';
import type { BookedPart, WindowItem, WindowPart, WindowReader, WindowSums } from './ports.ts';
import { PostingMark } from './posting-mark.ts';

/** How far the pass over a window is. */
export type OnProgress = (done: number, total: number) => void;

/** Many bills one after the other: their number, what is owed for them, and their hash. */
class Tally {
  readonly #hash = new ItemsHash();
  settlements = 0;
  owed: Fen = 0;

  add(owed: Fen, hash: Uint8Array): void {
    this.settlements += 1;
    this.owed += owed;
    this.#hash.add(hash);
  }

  result(): { settlements: number; owed: Fen; itemsHash: string } {
    return { settlements: this.settlements, owed: this.owed, itemsHash: this.#hash.digest() };
  }
}

interface LayerTally {
  settlements: number;
  amount: Fen;
}

interface Group extends GroupSum {
  readonly scheme: Scheme;
  settlements: number;
  fundTotal: Fen;
  account: Fen;
  /** In the order of FUNDS. */
  readonly funds: readonly LayerTally[];
  /** Bills of which personal accounts paid something. */
  accountSettlements: number;
  readonly pair: Tally;
  readonly institution: Tally;
}

function byKey(one: BillGroup, other: BillGroup): number {
  const keyOf = ({ homeRegion, treatmentRegion, institutionId, scheme }: BillGroup): string =>
    `${homeRegion} ${treatmentRegion} ${institutionId} ${scheme}`;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function grossOf({ homeRegion, treatmentRegion, institutionId, scheme, funds, ...group }: Group): GrossItem[] {
  const key = { homeRegion, treatmentRegion, institutionId, scheme };
  const layers: GrossItem[] = FUNDS.map((layer, index) => ({ ...key, layer, ...(funds[index] as LayerTally) }));
  layers.push({ ...key, layer: 'account', settlements: group.accountSettlements, amount: group.account });
  invariant(
    layers.every(({ amount }) => Number.isSafeInteger(amount)),
    'sums of a window are safe integers',
  );
  return layers.filter(({ settlements }) => settlements > 0);
}

function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}

/** Bills are added up in turns of so many, so that a process that also answers requests does. */
const ITEMS_PER_TURN = 2000;
const NAMED_MAX = 20;

/** What is known of a window so far; one page after the other is added. */
class Ongoing {
  readonly groups: Group[] = [];
  /** By institution and home; the few that are left are looked through. */
  readonly #groupsOf = new Map<string, Map<string, Group[]>>();
  readonly pairs = new Map<string, { homeRegion: string; treatmentRegion: string; tally: Tally }>();
  readonly institutions = new Map<string, { institutionId: string; treatmentRegion: string; tally: Tally }>();
  readonly booked = new Map<string, AccountSum>();
  readonly wrong: string[] = [];
  readonly #expected = new PostingMark();
  /** What the database has marked; undefined when it cannot. */
  #posted: bigint | undefined = 0n;
  /** Text of the hash of the bill that is added. */
  readonly #hash = Buffer.alloc(HASH_LENGTH);
  settlements = 0;
  firstAtMs: number | undefined;
  lastAtMs: number | undefined;

  item(item: WindowItem): void {
    const { homeRegion, treatmentRegion, institutionId, scheme, fundTotal, account, owed } = item;
    // Putting a name together for each bill cost as much as hashing it.
    const known = this.#groupsOf.get(institutionId)?.get(homeRegion);
    const isOf = (one: Group): boolean => one.scheme === scheme && one.treatmentRegion === treatmentRegion;
    const group = known?.find(isOf) ?? this.#newGroup(item);
    this.settlements += 1;
    group.settlements += 1;
    group.fundTotal += fundTotal;
    group.account += account;
    if (account !== 0) group.accountSettlements += 1;
    for (let index = 0; index < group.funds.length; index += 1) {
      const amount = item.funds[index] as Fen;
      if (amount === 0) continue;
      const layer = group.funds[index] as LayerTally;
      layer.settlements += 1;
      layer.amount += amount;
    }
    this.#expected.owe(item.settlementId, treatmentRegion, owed);
    this.during(item.settledAtMs, item.settledAtMs);
    this.#hash.write(itemHash(item), 'latin1');
    group.pair.add(owed, this.#hash);
    group.institution.add(owed, this.#hash);
  }

  part({ mark, undocumented }: WindowPart): void {
    this.#posted = mark === undefined || this.#posted === undefined ? undefined : this.#posted + mark;
    this.wrong.push(...undocumented.map((id) => `the document of ${id}`));
  }

  /** By layer of each group, as far as any bill used it; in the order of groups, not of bills. */
  gross(): GrossItem[] {
    return this.groups.toSorted(byKey).flatMap(grossOf);
  }

  /** Whether every posting is what these accounts and the bills themselves say. */
  isPosted(booked: readonly AccountSum[]): boolean {
    for (const sum of booked) this.#expected.move(sum);
    return this.#posted !== undefined && this.#expected.isOf(this.#posted);
  }

  addPart({ booked, misbooked }: BookedPart): void {
    for (const sum of booked) this.addBooked(sum);
    this.wrong.push(...misbooked.map((id) => `the postings of ${id}`));
  }

  addBooked({ book, account, party, amount }: AccountSum): void {
    const name = `${book} ${account} ${party}`;
    const known = this.booked.get(name)?.amount ?? 0;
    this.booked.set(name, { book, account, party, amount: known + amount });
  }

  during(firstAtMs: number | undefined, lastAtMs: number | undefined): void {
    if (firstAtMs !== undefined) this.firstAtMs = Math.min(firstAtMs, this.firstAtMs ?? firstAtMs);
    if (lastAtMs !== undefined) this.lastAtMs = Math.max(lastAtMs, this.lastAtMs ?? lastAtMs);
  }

  #newGroup({ homeRegion, treatmentRegion, institutionId, scheme }: WindowItem): Group {
    const tally = (): Tally => new Tally();
    const pair = made(this.pairs, `${homeRegion} ${treatmentRegion}`, () => {
      return { homeRegion, treatmentRegion, tally: tally() };
    });
    const institution = made(this.institutions, `${treatmentRegion} ${institutionId}`, () => {
      return { institutionId, treatmentRegion, tally: tally() };
    });
    const key = { homeRegion, treatmentRegion, institutionId, scheme };
    const funds = FUNDS.map((): LayerTally => ({ settlements: 0, amount: 0 }));
    const sums = { settlements: 0, fundTotal: 0, account: 0, funds, accountSettlements: 0 };
    const group = { ...key, ...sums, pair: pair.tally, institution: institution.tally };
    this.groups.push(group);
    const ofInstitution = made(this.#groupsOf, institutionId, () => new Map<string, Group[]>());
    made(ofInstitution, homeRegion, (): Group[] => []).push(group);
    return group;
  }
}

function wordsFor({ what, expected, found }: Difference): string {
  return `${what}: ${formatFen(expected)} expected, ${formatFen(found)} found`;
}

function disagrees(windowId: number, wrong: readonly string[]): AppError {
  return new AppError('WINDOW_DISAGREES', `window ${windowId} does not add up in ${wrong.length} places`, {
    status: 500,
    help: 'the window stays closed and nothing is issued: compare the settlements, documents and postings that are named',
    extra: { windowId, wrong: wrong.slice(0, NAMED_MAX), places: wrong.length },
  });
}

/**
 * Goes over a closed window once: bill after bill is added up and hashed in the order of ids, while the database marks the
 * postings. Layers, funds in all and postings must come to the same to the fen, postings to 0 in each book of each bill;
 * where the mark says that they do not, they are added up to tell where. Lines from earlier windows that move money must be
 * those that the journal entered.
 *
 * @shape window → gross, statements by pair and by institution, and what moved in every account
 * @units fen
 * @throws AppError WINDOW_DISAGREES with the first places that differ, DATABASE_UNAVAILABLE (retryable), the signal's reason
 * @source design §9
 */
export async function sumWindow(
  reader: WindowReader,
  windowId: number,
  { signal, onProgress }: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
): Promise<WindowSums> {
  const total = await reader.count(windowId);
  const ongoing = new Ongoing();
  for await (const page of reader.pages(windowId)) {
    for (let from = 0; from < page.items.length; from += ITEMS_PER_TURN) {
      for (const item of page.items.slice(from, from + ITEMS_PER_TURN)) ongoing.item(item);
      await nextTurn();
    }
    page.parts.forEach((part) => {
      ongoing.part(part);
    });
    signal?.throwIfAborted();
    onProgress?.(ongoing.settlements, total);
  }
  const { wrong, settlements } = ongoing;
  if (settlements !== total) wrong.push(`${total} settlements are indexed, ${settlements} were read`);
  const gross = ongoing.gross();
  const booked = bookedFor(gross);
  if (ongoing.isPosted(booked)) ongoing.addPart({ booked, misbooked: [] });
  else {
    for await (const part of reader.booked(windowId)) {
      ongoing.addPart(part);
      signal?.throwIfAborted();
    }
  }
  const settled = [...ongoing.booked.values()];
  wrong.push(...differencesOf(gross, ongoing.groups, settled).map(wordsFor));

  const journal = await reader.journal(windowId);
  wrong.push(...journal.unbalanced.map((id) => `the postings of ${id}`));
  const adjustments = await reader.adjustments(windowId);
  // What comes back from under an objection was posted with its bill.
  const moved = adjustments.filter(({ kind }) => kind !== 'carried').map((line) => ({ ...line, settlements: 0 }));
  wrong.push(...postedDifferences(moved, journal.adjusted).map(wordsFor));
  if (wrong.length > 0) throw disagrees(windowId, wrong);

  for (const sum of journal.booked) ongoing.addBooked(sum);
  ongoing.during(journal.firstAtMs, journal.lastAtMs);
  return resultOf(windowId, ongoing, gross, adjustments);
}

function resultOf(
  windowId: number,
  ongoing: Ongoing,
  settled: readonly GrossItem[],
  adjustments: readonly Adjustment[],
): WindowSums {
  const gross = withAdjustments(settled, adjustments);
  // A pair or an institution whose bills were all paid in cash has no statement; what a county spends at home is owed to
  // nobody, but its institutions wait for it.
  const statements = owedByPair(gross).map((pair): PairStatement => {
    const { homeRegion, treatmentRegion, amount } = pair;
    const tally = ongoing.pairs.get(`${homeRegion} ${treatmentRegion}`)?.tally ?? new Tally();
    const { owed, ...items } = tally.result();
    const statementId = `${windowId}-${homeRegion}-${treatmentRegion}`;
    invariant(owed + adjustedIn(adjustments, pair) === amount, 'bills and adjustments of a pair come to its gross');
    return { statementId, windowId, homeRegion, treatmentRegion, ...items, owed: amount };
  });
  const owing = new Map(gross.map(({ institutionId, treatmentRegion }) => [institutionId, treatmentRegion]));
  const institutions = Array.from(owing, ([institutionId, treatmentRegion]): InstitutionStatement => {
    const tally = ongoing.institutions.get(`${treatmentRegion} ${institutionId}`)?.tally ?? new Tally();
    const { owed, ...items } = tally.result();
    const adjusted = adjustedIn(adjustments, { institutionId });
    return { windowId, institutionId, treatmentRegion, ...items, owed: owed + adjusted };
  });
  return {
    settlements: ongoing.settlements,
    gross,
    statements,
    institutions,
    balances: [...ongoing.booked.values()],
    firstAtMs: ongoing.firstAtMs,
    lastAtMs: ongoing.lastAtMs,
  };
}
