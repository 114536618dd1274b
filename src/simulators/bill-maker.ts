import type { BillRequest } from '../http/schemas/bills.ts';
import { BillDraft, type BillHead } from './bill-draft.ts';
import { createChance, seedOf, type Chance } from './chance.ts';
import type { ChargeBook, ChargeItem, Department, Section } from './charge-book.ts';
import { addDays } from './days.ts';
import { DIALYSIS, TUMOUR } from './population.ts';

/** What a bill is for, before its lines are known; the maker adds what the kind of bill asks for. */
export type Occasion = Omit<BillHead, 'kind' | 'disease' | 'admissionDate'>;

/** Oddities that real bills have and a counter must get right. */
export interface Oddities {
  /** A drug brought back: a line that refunds part of an earlier one. */
  readonly refund?: boolean;
  /** Something that no catalogue knows, under the hospital's own code alone. */
  readonly unlisted?: boolean;
  /** A restricted drug, with the hospital's word that the restriction is met, or without. */
  readonly restricted?: 'confirmed' | 'unconfirmed';
  /** A third of a pack, and single pieces at a price of four places. */
  readonly splitPack?: boolean;
}

/** Makes bills from a charge book: the same occasion gets the same bill. */
export interface BillMaker {
  outpatient(occasion: Occasion, department: Department, oddities?: Oddities): BillRequest;
  pharmacy(occasion: Occasion, oddities?: Oddities): BillRequest;
  dialysis(occasion: Occasion): BillRequest;
  /** Chemotherapy at the outpatient department, with lines that have nothing to do with the tumour. */
  tumour(occasion: Occasion): BillRequest;
  /** A course of massages over two weeks, billed at its end. */
  tuina(occasion: Occasion): BillRequest;
  /** A stay with an operation, discharged on the day of the occasion. */
  stay(occasion: Occasion, days: number, oddities?: Oddities): BillRequest;
  /** Weeks in intensive care: about 8,000 yuan a day. */
  intensiveStay(occasion: Occasion, days: number): BillRequest;
}

/** One bill being made. */
class Making {
  readonly draft: BillDraft;
  readonly chance: Chance;
  readonly book: ChargeBook;

  constructor(book: ChargeBook, head: BillHead, ownCodes: ReadonlyMap<string, string>) {
    this.book = book;
    this.draft = new BillDraft(head, ownCodes);
    this.chance = createChance(seedOf(head.institutionId, head.billNumber, head.personId));
  }

  /** Some items of a section, one of each. */
  some(section: Section, count: number, feeDate?: string): void {
    for (const item of this.chance.pickSome(this.book.sections[section], count)) this.one(item, feeDate);
  }

  one(item: ChargeItem, feeDate?: string, quantity = '1'): void {
    const marks = this.book.isRestricted(item) ? { restrictionMet: true } : {};
    this.draft.charge(item, quantity, feeDate === undefined ? marks : { ...marks, feeDate });
  }

  prescribe(department: string, count: number): void {
    for (const drug of this.chance.pickSome(this.book.drugsOf(department), count)) {
      this.one(drug, undefined, drug.typicalQuantity);
    }
  }

  add({ refund, unlisted, restricted, splitPack }: Oddities): void {
    const { draft, chance, book } = this;
    const drugs = book.drugsOf('internal');
    if (restricted !== undefined) {
      draft.charge(chance.pick(book.restricted), '1', { restrictionMet: restricted === 'confirmed' });
    }
    if (splitPack === true) {
      draft.charge(chance.pick(drugs), '0.3333');
      draft.chargePieces(chance.pick(drugs), 7, 5);
    }
    if (unlisted === true) this.some('own', 1);
    if (refund === true) draft.refund(draft.charge(chance.pick(drugs), '3'), '2');
  }
}

function fillOutpatient(making: Making, department: Department): void {
  const { chance } = making;
  making.some('consultation', 1);
  if (chance.hits(600)) making.some('laboratory', chance.between(1, 3));
  if (chance.hits(250)) making.some('imaging', 1);
  if (chance.hits(150)) making.some('treatment', 1);
  making.prescribe(department, chance.between(2, 8));
}

function fillDialysis(making: Making): void {
  const { chance, book } = making;
  making.some('consultation', 1);
  making.some('dialysis', 1);
  making.some('dialysisConsumable', 3);
  for (const drug of chance.pickSome(book.sections.renalDrug, chance.between(1, 3))) {
    making.one(drug, undefined, String(chance.between(1, 4)));
  }
  if (chance.hits(400)) making.some('laboratory', 2);
}

function fillTumour(making: Making): void {
  const { chance, draft, book } = making;
  making.some('consultation', 1);
  making.some('tumourDrug', chance.between(1, 2));
  making.some('treatment', 1);
  draft.charge(chance.pick(book.sections.laboratory), '1', { certifiedFor: TUMOUR });
  making.prescribe('internal', chance.between(1, 3));
}

const TUINA_DAYS_BEFORE = [13, 11, 9, 7, 4, 2, 0];

function fillTuina(making: Making, lastDay: string): void {
  making.some('consultation', 1, addDays(lastDay, -13));
  const massages = making.chance.pickSome(making.book.sections.tuina, 2);
  for (const daysBefore of TUINA_DAYS_BEFORE) {
    for (const massage of massages) making.one(massage, addDays(lastDay, -daysBefore));
  }
}

function fillStay(making: Making, admission: string, days: number): void {
  const { chance, book } = making;
  const bed = chance.pick(book.sections.bed);
  const nursing = chance.pick(book.sections.nursing);
  const drugs = chance.pickSome(book.drugsOf('inpatient'), chance.between(5, 8));
  making.some('laboratory', chance.between(8, 14), admission);
  making.some('imaging', chance.between(1, 2), admission);
  const operationDate = addDays(admission, 1);
  for (const section of ['anaesthesia', 'operation'] as const) making.some(section, 1, operationDate);
  for (const item of chance.pickSome(book.limited, 2)) making.one(item, operationDate);
  making.some('consumable', chance.between(2, 5), operationDate);
  for (let day = 0; day < days; day++) {
    const feeDate = addDays(admission, day);
    making.one(bed, feeDate);
    making.one(nursing, feeDate);
    for (const drug of chance.pickSome(drugs, chance.between(3, 5))) {
      making.one(drug, feeDate, String(chance.between(1, 3)));
    }
  }
}

/** Code and daily quantity: ward, monitoring, ventilation by the hour, blood filtration, and what the infection needs. */
const INTENSIVE_DAY = [
  ['001109000030000', '1'],
  ['001201000010000', '24'],
  ['003106030010000', '24'],
  ['003110000070000', '1'],
  ['XJ06BA', '10'],
  ['XJ02AC', '4'],
  ['XJ01DHY', '4'],
] as const;

function fillIntensiveStay(making: Making, admission: string, days: number): void {
  making.some('laboratory', 14, admission);
  making.some('imaging', 2, admission);
  const daily = INTENSIVE_DAY.map(([prefix, quantity]) => ({ item: making.book.find(prefix), quantity }));
  for (let day = 0; day < days; day++) {
    for (const { item, quantity } of daily) making.one(item, addDays(admission, day), quantity);
  }
}

/** Creates a maker. `ownCodesOf` gives an institution's own codes by national code. */
export function createBillMaker(
  book: ChargeBook,
  ownCodesOf: (institutionId: string) => ReadonlyMap<string, string>,
): BillMaker {
  function make(
    occasion: Occasion,
    kind: Pick<BillHead, 'kind' | 'disease' | 'admissionDate'>,
    fill: (making: Making) => void,
    oddities: Oddities = {},
  ): BillRequest {
    const making = new Making(book, { ...occasion, ...kind }, ownCodesOf(occasion.institutionId));
    fill(making);
    making.add(oddities);
    return making.draft.finish();
  }
  const inpatient = (occasion: Occasion, days: number) =>
    ({ kind: 'inpatient', admissionDate: addDays(occasion.visitDate, -days) }) as const;
  return {
    outpatient: (occasion, department, oddities) =>
      make(occasion, { kind: 'outpatient' }, (making) => fillOutpatient(making, department), oddities),
    pharmacy: (occasion, oddities) =>
      make(
        occasion,
        { kind: 'pharmacy' },
        (making) => making.prescribe('internal', making.chance.between(1, 4)),
        oddities,
      ),
    dialysis: (occasion) => make(occasion, { kind: 'specialDisease', disease: DIALYSIS }, fillDialysis),
    tumour: (occasion) => make(occasion, { kind: 'specialDisease', disease: TUMOUR }, fillTumour),
    tuina: (occasion) => make(occasion, { kind: 'outpatient' }, (making) => fillTuina(making, occasion.visitDate)),
    stay(occasion, days, oddities) {
      const kind = inpatient(occasion, days);
      return make(occasion, kind, (making) => fillStay(making, kind.admissionDate, days), oddities);
    },
    intensiveStay(occasion, days) {
      const kind = inpatient(occasion, days);
      return make(occasion, kind, (making) => fillIntensiveStay(making, kind.admissionDate, days));
    },
  };
}
