import type { BillRequest } from '../http/schemas/bills.ts';
import { BillDraft, type BillHead } from './bill-draft.ts';
import { createChance, seedOf, type Chance } from './chance.ts';
import type { ChargeBook, ChargeItem, Section } from './charge-book.ts';
import { addDays } from './days.ts';
import { DIALYSIS, TUMOUR } from './population.ts';

/** What a bill is for, before its lines are known; the maker adds kind and disease. */
export type Occasion = Omit<BillHead, 'kind' | 'disease' | 'admissionDate'>;

/** Oddities that real bills have and a counter must get right. */
export interface Oddities {
  /** A drug brought back: a line that refunds part of an earlier one. */
  readonly refund?: boolean;
  /** An item that only the hospital knows. */
  readonly unlisted?: boolean;
  /** A restricted drug, with the hospital's word that the restriction is met, or without. */
  readonly restricted?: 'confirmed' | 'unconfirmed';
  /** A third of a pack, and single pieces at a price of four places. */
  readonly splitPack?: boolean;
  /** Items under the hospital's own codes: its code by national code. */
  readonly ownCodes?: ReadonlyMap<string, string>;
}

const UNLISTED = [
  { code: 'QT-0917', name: '特需陪护服务费', price: '180' },
  { code: 'QT-1103', name: '院内制剂复方清咽合剂', price: '46.8' },
  { code: 'QT-2051', name: '进口防粘连敷贴(院内编码)', price: '365.5' },
] as const;

/** Makes bills from a charge book; the same occasion gets the same bill. */
export interface BillMaker {
  outpatient(occasion: Occasion, oddities?: Oddities): BillRequest;
  pharmacy(occasion: Occasion, oddities?: Oddities): BillRequest;
  dialysis(occasion: Occasion): BillRequest;
  /** Chemotherapy at the outpatient department, with lines that have nothing to do with the tumour. */
  tumour(occasion: Occasion): BillRequest;
  /** A course of massages over two weeks, billed at its end. */
  tuina(occasion: Occasion): BillRequest;
  /** A stay; `atLeast` yuan makes it a long one in intensive care. */
  stay(occasion: Occasion, days: number, options?: Oddities & { readonly atLeast?: number }): BillRequest;
}

/** One bill being made: its draft, its chance and the book. */
class Making {
  readonly draft: BillDraft;
  readonly chance: Chance;
  readonly book: ChargeBook;

  constructor(book: ChargeBook, head: BillHead) {
    this.book = book;
    this.draft = new BillDraft(head);
    this.chance = createChance(seedOf(head.institutionId, head.billNumber, head.personId));
  }

  /** Some items of a section, each in a usual quantity. */
  some(section: Section, count: number, feeDate?: string): void {
    for (const item of this.chance.pickSome(this.book.sections[section], count)) this.usual(item, feeDate);
  }

  usual(item: ChargeItem, feeDate?: string): number {
    const restricted = this.book.isRestricted(item.code);
    return this.draft.charge(item, item.typicalQuantity, {
      ...(feeDate === undefined ? {} : { feeDate }),
      ...(restricted ? { restrictionMet: true } : {}),
    });
  }

  oddities({ refund, unlisted, restricted, splitPack, ownCodes }: Oddities): void {
    const { draft, chance, book } = this;
    if (restricted !== undefined) {
      draft.charge(chance.pick(book.restricted), '1', { restrictionMet: restricted === 'confirmed' });
    }
    if (splitPack === true) {
      draft.charge(chance.pick(book.sections.drug), '0.3333', { restrictionMet: true });
      draft.chargePieces(chance.pick(book.sections.drug), 7, 5);
    }
    if (unlisted === true) {
      const { code, name, price } = chance.pick(UNLISTED);
      draft.chargeUnlisted(code, name, price);
    }
    if (ownCodes !== undefined) this.#underOwnCode(ownCodes);
    if (refund === true) draft.refund(draft.charge(chance.pick(book.sections.drug), '3'), '2');
  }

  #underOwnCode(ownCodes: ReadonlyMap<string, string>): void {
    const items = Object.values(this.book.sections).flat();
    const mapped = items.filter(({ code }) => ownCodes.has(code));
    if (mapped.length === 0) return;
    const item = this.chance.pick(mapped);
    this.draft.chargeMapped(item, ownCodes.get(item.code) ?? '', item.typicalQuantity);
  }
}

function outpatient(making: Making, oddities: Oddities): void {
  const { chance } = making;
  making.some('consultation', 1);
  if (chance.hits(600)) making.some('laboratory', chance.between(1, 3));
  if (chance.hits(250)) making.some('imaging', 1);
  if (chance.hits(150)) making.some('treatment', 1);
  making.some('drug', chance.between(2, 8));
  making.oddities(oddities);
}

function dialysis(making: Making): void {
  const { chance } = making;
  making.some('consultation', 1);
  making.some('dialysis', 1);
  making.some('consumable', chance.between(1, 2));
  making.some('renalDrug', chance.between(1, 3));
  if (chance.hits(400)) making.some('laboratory', 2);
}

function tumour(making: Making): void {
  const { chance, draft, book } = making;
  making.some('consultation', 1);
  making.some('tumourDrug', chance.between(1, 2));
  making.some('treatment', 1);
  draft.charge(chance.pick(book.sections.laboratory), '1', { certifiedFor: TUMOUR });
  making.some('laboratory', 1);
  making.some('drug', chance.between(1, 3));
}

function tuina(making: Making, lastDay: string): void {
  making.some('consultation', 1, addDays(lastDay, -13));
  const sessions = making.chance.pickSome(making.book.sections.tuina, 2);
  for (const daysBefore of [13, 11, 9, 7, 4, 2, 0]) {
    for (const item of sessions) making.draft.charge(item, '1', { feeDate: addDays(lastDay, -daysBefore) });
  }
}

const LINES_MAX = 1000;

/** What each day in bed brings, then what is dear until the stay costs as much as was asked. */
function stay(making: Making, admission: string, days: number, atLeast: number): void {
  const { chance, draft, book } = making;
  const bed = chance.pick(book.sections.bed);
  const nursing = chance.pick(book.sections.nursing);
  const treated = chance.pickSome(book.sections.drug, chance.between(4, 7));
  making.some('laboratory', chance.between(6, 12), admission);
  making.some('imaging', chance.between(1, 3), admission);
  const surgeryDay = addDays(admission, 1);
  if (chance.hits(650) || atLeast > 0) {
    making.some('surgery', 2, surgeryDay);
    draft.charge(chance.pick(book.limited), '1', { feeDate: surgeryDay });
    making.some('consumable', chance.between(2, 5), surgeryDay);
  }
  for (let day = 0; day < days; day++) {
    const feeDate = addDays(admission, day);
    draft.charge(bed, '1', { feeDate });
    draft.charge(nursing, '1', { feeDate });
    for (const item of treated.slice(0, chance.between(2, treated.length))) making.usual(item, feeDate);
    if (chance.hits(300)) making.some('laboratory', 1, feeDate);
  }
  const dearest = [...book.sections.consumable, ...book.sections.surgery, ...book.sections.drug]
    .filter(({ code }) => !book.isRestricted(code))
    .sort((left, right) => Number(right.price) - Number(left.price))
    .slice(0, 12);
  for (let turn = 0; draft.total < BigInt(atLeast) * 100n && draft.lineCount < LINES_MAX - 20; turn++) {
    const feeDate = addDays(admission, 1 + (turn % Math.max(1, days - 1)));
    draft.charge(dearest[turn % dearest.length] ?? bed, '2', { feeDate });
  }
}

/** Creates a maker over a charge book. */
export function createBillMaker(book: ChargeBook): BillMaker {
  const start = (occasion: Occasion, more: Pick<BillHead, 'kind' | 'disease' | 'admissionDate'>): Making =>
    new Making(book, { ...occasion, ...more });
  return {
    outpatient(occasion, oddities = {}) {
      const making = start(occasion, { kind: 'outpatient' });
      outpatient(making, oddities);
      return making.draft.finish();
    },
    pharmacy(occasion, oddities = {}) {
      const making = start(occasion, { kind: 'pharmacy' });
      making.some('drug', making.chance.between(1, 4));
      making.oddities(oddities);
      return making.draft.finish();
    },
    dialysis(occasion) {
      const making = start(occasion, { kind: 'specialDisease', disease: DIALYSIS });
      dialysis(making);
      return making.draft.finish();
    },
    tumour(occasion) {
      const making = start(occasion, { kind: 'specialDisease', disease: TUMOUR });
      tumour(making);
      return making.draft.finish();
    },
    tuina(occasion) {
      const making = start(occasion, { kind: 'outpatient' });
      tuina(making, occasion.visitDate);
      return making.draft.finish();
    },
    stay(occasion, days, { atLeast = 0, ...oddities } = {}) {
      const admissionDate = addDays(occasion.visitDate, -days);
      const making = start(occasion, { kind: 'inpatient', admissionDate });
      stay(making, admissionDate, days, atLeast);
      making.oddities(oddities);
      return making.draft.finish();
    },
  };
}
