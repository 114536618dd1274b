import type { DateText } from '../calendar.ts';
import type { Price, Ratio } from '../money/fen.ts';
import type { Provenance } from './parameter.ts';
import type { ItemClass, Scheme } from './terms.ts';

/** One item of a region's catalogue (policy-facts G.11). */
export interface CatalogueItem {
  readonly code: string;
  readonly name: string;
  readonly kind: 'drug' | 'service' | 'consumable';
  readonly itemClass: ItemClass;
  /** First self-pay by scheme; 1 is full self-pay. */
  readonly firstSelfPay: Readonly<Record<Scheme, Ratio>>;
  /** Highest price per unit that the fund looks at; undefined: no limit. */
  readonly priceLimit: Price | undefined;
  /** In words what the use is restricted to; such a line counts only when the hospital confirms it. */
  readonly restriction: string | undefined;
  /** On the list of compliant self-expense; only for class C. */
  readonly compliant: boolean;
  readonly provenance: Provenance;
  readonly source: string;
}

/** A region's catalogue as it stands from a day on. */
export interface Catalogue {
  readonly hash: string;
  readonly region: string;
  readonly from: DateText;
  readonly to: DateText | undefined;
  readonly items: ReadonlyMap<string, CatalogueItem>;
}
