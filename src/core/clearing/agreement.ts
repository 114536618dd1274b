import type { LedgerAccount } from '../ledger/postings.ts';
import type { Fen } from '../money/fen.ts';
import type { Fund } from '../policy/terms.ts';

/** Whose business some bills are: what the gross is kept by, but for the layer. */
export interface BillGroup {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly scheme: string;
}

/** What one layer of a group came to. */
export interface LayerSum extends BillGroup {
  readonly layer: Fund | 'account';
  readonly settlements: number;
  readonly amount: Fen;
}

/** What a group came to, added up bill by bill. */
export interface GroupSum extends BillGroup {
  readonly settlements: number;
  readonly fundTotal: Fen;
  readonly account: Fen;
}

/** What moved in one account of a book. The accounts of persons are one, whose party is empty. */
export interface AccountSum {
  readonly book: string;
  readonly account: LedgerAccount;
  readonly party: string;
  readonly amount: Fen;
}

/** One place where two computations of the same do not come to the same. */
export interface Difference {
  readonly what: string;
  readonly expected: Fen;
  readonly found: Fen;
}

/** Amounts by name, added up in any order. */
class Sums {
  readonly #amounts = new Map<string, Fen>();

  add(name: string, amount: Fen): void {
    this.#amounts.set(name, (this.#amounts.get(name) ?? 0) + amount);
  }

  differencesFrom(found: Sums): Difference[] {
    const names = new Set([...this.#amounts.keys(), ...found.#amounts.keys()]);
    return [...names]
      .map((what) => ({ what, expected: this.#amounts.get(what) ?? 0, found: found.#amounts.get(what) ?? 0 }))
      .filter((pair) => pair.expected !== pair.found);
  }
}

function groupName({ homeRegion, treatmentRegion, institutionId, scheme }: BillGroup): string {
  return `${homeRegion} ${treatmentRegion} ${institutionId} ${scheme}`;
}

function accountName({ book, account, party }: Omit<AccountSum, 'amount'>): string {
  return `${book} ${account} ${party}`.trimEnd();
}

/**
 * What the gross must have moved in the ledger: the law of postings, applied to sums instead of to bills.
 *
 * @shape gross by layer → accounts, several sums an account
 * @units fen
 */
export function bookedFor(gross: readonly LayerSum[]): AccountSum[] {
  return gross.flatMap(({ homeRegion: home, treatmentRegion: treatment, institutionId, layer, amount }) => {
    const isPersonal = layer === 'account';
    const borne: AccountSum = isPersonal
      ? { book: home, account: 'personal', party: '', amount }
      : { book: home, account: `expense.${layer}`, party: treatment, amount };
    const owed: AccountSum = { book: treatment, account: 'payable', party: institutionId, amount: -amount };
    if (home === treatment) return [borne, owed];
    return [
      borne,
      { book: home, account: 'dueTo', party: treatment, amount: -amount },
      { book: treatment, account: 'dueFrom', party: home, amount },
      owed,
    ];
  });
}

function sumsOf(booked: readonly AccountSum[]): Sums {
  const sums = new Sums();
  for (const sum of booked) sums.add(accountName(sum), sum.amount);
  return sums;
}

/**
 * Holds sums by layer against what was posted for them.
 *
 * @shape sums by layer, accounts posted → every account where they differ
 * @units fen
 */
export function postedDifferences(gross: readonly LayerSum[], booked: readonly AccountSum[]): Difference[] {
  return sumsOf(bookedFor(gross)).differencesFrom(sumsOf(booked));
}

/**
 * Holds three sums of a window against each other: layer by layer, what bills say that funds and accounts paid in all, and
 * what was posted.
 *
 * @shape gross by layer, groups bill by bill, accounts posted → every place where they differ; none when they agree
 * @units fen
 * @source design §9
 */
export function differencesOf(
  gross: readonly LayerSum[],
  groups: readonly GroupSum[],
  booked: readonly AccountSum[],
): Difference[] {
  const byLayer = new Sums();
  for (const sum of gross) {
    byLayer.add(`${groupName(sum)} ${sum.layer === 'account' ? 'account' : 'fundTotal'}`, sum.amount);
  }
  const byBill = new Sums();
  for (const group of groups) {
    byBill.add(`${groupName(group)} fundTotal`, group.fundTotal);
    byBill.add(`${groupName(group)} account`, group.account);
  }
  return [...byBill.differencesFrom(byLayer), ...postedDifferences(gross, booked)];
}
