import { createHash, hash, type Hash } from 'node:crypto';
import { formatFen } from '../../core/money/text.ts';
import type { StatementItem } from '../ports.ts';

/**
 * Hash of a bill's part in a statement, over the values that the statement's page shows, in its order, with `|` between
 * them: either side can recompute it from what it was sent.
 *
 * @shape item → SHA-256, 64 hex digits
 */
export function itemHash(item: StatementItem): string {
  const { settlementId, institutionId, billNumber, scheme, benefit, reverses = '', ...amounts } = item;
  const { total, fundTotal, account, owed } = amounts;
  const words = [settlementId, institutionId, billNumber, scheme, benefit, reverses];
  return hash('sha256', [...words, ...[total, fundTotal, account, owed].map(formatFen)].join('|'));
}

/** Hash over item hashes in the order of settlement ids, fed page by page: SHA-256 of their texts one after the other. */
export class ItemsHash {
  readonly #hash: Hash = createHash('sha256');

  add(item: StatementItem): void {
    this.#hash.update(itemHash(item));
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
