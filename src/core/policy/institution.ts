import type { InstitutionGroup } from './terms.ts';

/** An institution that bills, as configured. */
export interface Institution {
  readonly id: string;
  readonly name: string;
  readonly nameEn: string;
  readonly region: string;
  readonly level: number;
  readonly kind: 'hospital' | 'clinic' | 'pharmacy';
  readonly groups: readonly InstitutionGroup[];
  /** National code of an item by the institution's own. */
  readonly mapping: ReadonlyMap<string, string>;
}

/** A county as pages and statements call it. */
export interface County {
  readonly code: string;
  readonly name: string;
  readonly nameEn: string;
}
