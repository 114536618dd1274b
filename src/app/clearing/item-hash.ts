import { createHash, hash, type Hash } from 'node:crypto';
import { formatFen } from '../../core/money/text.ts';
import type { StatementItem } from './ports.ts';

type ItemAmounts = Pick<StatementItem, 'total' | 'fundTotal' | 'account' | 'owed'>;

/**
 * Hash of a bill's part in a statement, over the values that the statement's page shows, in its order, with `|` between
 * them: either side can recompute it from what it was sent.
 *
 * @shape item → SHA-256, 64 hex digits
 */
export function itemHash(item: StatementItem): string {
  const { settlementId, institutionId, billNumber, scheme, benefit, reverses = '' } = item;
  return itemHashOf(`${settlementId}|${institutionId}|${billNumber}|${scheme}|${benefit}|${reverses}|`, item);
}

/** The same of an item whose words are one text already, see WindowItem. This runs once for every bill of the country. */
export function itemHashOf(about: string, { total, fundTotal, account, owed }: ItemAmounts): string {
  const amounts = `${formatFen(total)}|${formatFen(fundTotal)}|${formatFen(account)}|${formatFen(owed)}`;
  return hash('sha256', about + amounts);
}

/** Characters of a hash. */
export const HASH_LENGTH = 64;
const PENDING_MAX = 512 * HASH_LENGTH;

/** Hash over item hashes in the order of settlement ids, fed one by one: SHA-256 of their texts one after the other. */
export class ItemsHash {
  readonly #hash: Hash = createHash('sha256');
  // Handed over many at a time: a call into the library costs more than hashing 64 characters.
  readonly #pending = Buffer.allocUnsafeSlow(PENDING_MAX);
  #length = 0;

  /** Takes the text of a hash as bytes, because most are added to two. */
  add(hashOfItem: Uint8Array): void {
    this.#pending.set(hashOfItem, this.#length);
    this.#length += HASH_LENGTH;
    if (this.#length === PENDING_MAX) this.#flush();
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#pending.subarray(0, this.#length));
    this.#length = 0;
  }
}
