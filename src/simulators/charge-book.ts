import { AppError } from '../platform/errors.ts';

/** One row of the sample charge master: what a hospital charges for an item. */
export interface ChargeItem {
  /** National code, or `OWN-…` for what only hospitals know. */
  readonly code: string;
  readonly name: string;
  readonly unit: string;
  /** Yuan a unit, at most four places. */
  readonly price: string;
  readonly department: string;
  readonly kind: string;
  readonly typicalQuantity: string;
}

/** Where outpatients are seen. */
export type Department = 'internal' | 'tcm' | 'paediatrics' | 'surgery';

// National codes tell what an item is: 00 and the number of a service, X a Western drug, Z a Chinese one, T a herb, C a consumable.
const SECTIONS = {
  consultation: /^001102(?!.*110200005$)/,
  bed: /^0011090000(1|6)/,
  nursing: /^001201000(02|03|04|05)/,
  treatment: /^001204/,
  imaging: /^002[123]/,
  laboratory: /^0025/,
  anaesthesia: /^003301/,
  operation: /^0033(0[2-9]|1)/,
  dialysis: /^003110000(06|07|08)/,
  dialysisConsumable: /^C10/,
  renalDrug: /^X(B03XA|B03AC|B01AB|V03AE|A11CC|H05BX)/,
  tumourDrug: /^XL0[12]/,
  tuina: /^0045000000[1-7]/,
  drug: /^[XZT](?!L0[12])/,
  consumable: /^C(?!10)/,
  own: /^OWN-/,
} as const;

/** A part of the charge master. */
export type Section = keyof typeof SECTIONS;

/** What catalogues say about items, as far as a bill-maker cares: some must be confirmed, some have a price limit. */
export interface CatalogueHints {
  readonly restricted: ReadonlySet<string>;
  readonly limited: ReadonlySet<string>;
}

/** The charge master, sorted for making bills. */
export interface ChargeBook {
  readonly sections: Readonly<Record<Section, readonly ChargeItem[]>>;
  /** Drugs of general use whose benefit is restricted. */
  readonly restricted: readonly ChargeItem[];
  /** Consumables for which the fund looks at a limited price only. */
  readonly limited: readonly ChargeItem[];
  /** Unrestricted drugs that a department prescribes. */
  drugsOf(department: string): readonly ChargeItem[];
  isRestricted(item: ChargeItem): boolean;
  /** The item whose code begins like that. */
  find(prefix: string): ChargeItem;
}

function missing(what: string): AppError {
  return new AppError('BAD_SAMPLE_DATA', `the charge master has no items for ${what}`, { status: 500 });
}

/**
 * Sorts a charge master.
 *
 * @throws AppError BAD_SAMPLE_DATA naming what is missing from it
 */
export function createChargeBook(items: readonly ChargeItem[], { restricted, limited }: CatalogueHints): ChargeBook {
  const isRestricted = ({ code }: ChargeItem): boolean => restricted.has(code);
  const sections = Object.fromEntries(
    Object.entries(SECTIONS).map(([name, pattern]) => [name, items.filter(({ code }) => pattern.test(code))]),
  ) as unknown as ChargeBook['sections'];
  const parts = {
    restricted: sections.drug.filter((item) => isRestricted(item) && item.department === 'internal'),
    limited: sections.consumable.filter(({ code, department }) => limited.has(code) && department === 'surgery'),
  };
  for (const [name, found] of Object.entries({ ...sections, ...parts })) if (found.length === 0) throw missing(name);
  return {
    sections,
    ...parts,
    drugsOf: (department) => sections.drug.filter((item) => item.department === department && !isRestricted(item)),
    isRestricted,
    find(prefix) {
      const item = items.find(({ code }) => code.startsWith(prefix));
      if (item === undefined) throw missing(prefix);
      return item;
    },
  };
}
