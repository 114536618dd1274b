import { crc32 } from 'node:zlib';
import type { AccountSum, BillGroup, GroupSum } from '../../core/clearing/agreement.ts';
import { PostingMark } from '../../core/clearing/posting-mark.ts';
import { invariant } from '../../core/invariant.ts';
import type { Fen } from '../../core/money/fen.ts';
import { FUNDS, type Scheme } from '../../core/policy/terms.ts';
import { HASH_LENGTH, itemHashOf, ItemsHash } from './item-hash.ts';
import type { BookedPart, GrossItem, WindowItem, WindowPart } from './ports.ts';

/** Many bills one after the other: their number, what is owed for them, and their hash. */
export class Tally {
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

/** What is known of a window so far; one page after the other is added. */
export class WindowTally {
  readonly groups: Group[] = [];
  /** By the text that items have for their group. */
  readonly #groupOf = new Map<string, Group>();
  readonly pairs = new Map<string, { homeRegion: string; treatmentRegion: string; tally: Tally }>();
  readonly institutions = new Map<string, { institutionId: string; treatmentRegion: string; tally: Tally }>();
  readonly booked = new Map<string, AccountSum>();
  readonly wrong: string[] = [];
  readonly #expected = new PostingMark(crc32);
  /** What the database has marked; undefined when it cannot. */
  #posted: bigint | undefined = 0n;
  /** Text of the hash of the bill that is added. */
  readonly #hash = Buffer.alloc(HASH_LENGTH);
  settlements = 0;
  firstAtMs: number | undefined;
  lastAtMs: number | undefined;

  item(item: WindowItem): void {
    const { fundTotal, account, owed } = item;
    const group = this.#groupOf.get(item.group) ?? this.#newGroup(item.group);
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
    this.#expected.owe(item.settlementId, group.treatmentRegion, owed);
    this.during(item.settledAtMs, item.settledAtMs);
    this.#hash.write(itemHashOf(item.about, item), 'latin1');
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

  #newGroup(name: string): Group {
    const [homeRegion = '', treatmentRegion = '', institutionId = '', scheme = ''] = name.split(' ');
    const tally = (): Tally => new Tally();
    const pair = made(this.pairs, `${homeRegion} ${treatmentRegion}`, () => {
      return { homeRegion, treatmentRegion, tally: tally() };
    });
    const institution = made(this.institutions, `${treatmentRegion} ${institutionId}`, () => {
      return { institutionId, treatmentRegion, tally: tally() };
    });
    const key = { homeRegion, treatmentRegion, institutionId, scheme: scheme as Scheme };
    const funds = FUNDS.map((): LayerTally => ({ settlements: 0, amount: 0 }));
    const sums = { settlements: 0, fundTotal: 0, account: 0, funds, accountSettlements: 0 };
    const group = { ...key, ...sums, pair: pair.tally, institution: institution.tally };
    this.groups.push(group);
    this.#groupOf.set(name, group);
    return group;
  }
}
