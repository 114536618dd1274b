import { AppError } from '../platform/errors.ts';

/** One row of the sample charge master: what a hospital charges for an item. */
export interface ChargeItem {
  readonly code: string;
  readonly name: string;
  readonly unit: string;
  /** Yuan a unit, at most four places. */
  readonly price: string;
  readonly department: string;
  readonly kind: string;
  readonly typicalQuantity: string;
}

// National codes say what an item is: 00 and the number of a service, X and Z for Western and Chinese drugs, C for consumables.
const SECTIONS = {
  consultation: /^001102/,
  bed: /^001109/,
  nursing: /^001201/,
  treatment: /^0012(0[2-9]|1)/,
  imaging: /^002[123]/,
  laboratory: /^0025/,
  surgery: /^0033/,
  dialysis: /^00311000/,
  tuina: /^0045/,
  drug: /^[XZ](?!L0[12])/,
  tumourDrug: /^XL0[12]/,
  renalDrug: /^X(B03XA|B03AC|B01AB|V03AE|A11CC|H05BX)/,
  consumable: /^C/,
} as const;

/** A part of the charge master. */
export type Section = keyof typeof SECTIONS;

const SECTION_NAMES = Object.keys(SECTIONS) as Section[];

/** What catalogues say about items, as far as a bill-maker cares: some must be confirmed, some have a price limit. */
export interface CatalogueHints {
  readonly restricted: ReadonlySet<string>;
  readonly limited: ReadonlySet<string>;
}

/** The charge master, sorted for making bills. */
export interface ChargeBook {
  readonly sections: Readonly<Record<Section, readonly ChargeItem[]>>;
  /** Drugs whose use is restricted. */
  readonly restricted: readonly ChargeItem[];
  /** Consumables for which the fund looks at a limited price only. */
  readonly limited: readonly ChargeItem[];
  isRestricted(code: string): boolean;
}

/**
 * Sorts a charge master.
 *
 * @throws AppError BAD_SAMPLE_DATA naming what is missing from it
 */
export function createChargeBook(items: readonly ChargeItem[], hints: CatalogueHints): ChargeBook {
  const of = (pattern: RegExp): readonly ChargeItem[] => items.filter(({ code }) => pattern.test(code));
  const sections = Object.fromEntries(SECTION_NAMES.map((name) => [name, of(SECTIONS[name])])) as ChargeBook['sections'];
  const restricted = of(/^[XZ]/).filter(({ code }) => hints.restricted.has(code));
  const limited = of(/^C/).filter(({ code }) => hints.limited.has(code));
  const parts = { ...sections, restricted, limited };
  const empty = Object.entries(parts).filter(([, found]) => found.length === 0);
  if (empty.length > 0) {
    const missing = empty.map(([name]) => name).join(', ');
    throw new AppError('BAD_SAMPLE_DATA', `the charge master has no items for: ${missing}`, { status: 500 });
  }
  return { sections, restricted, limited, isRestricted: (code) => hints.restricted.has(code) };
}
