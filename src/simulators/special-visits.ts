import type { BillRequest } from '../http/schemas/bills.ts';
import type { Occasion } from './bill-maker.ts';
import type { Planner } from './day-planner.ts';
import { DIALYSIS, TUMOUR, type InsuredPerson } from './population.ts';
import { isInsured } from './roster.ts';
import { isRefused, settles } from './visits.ts';

const ODDITIES = [
  ['refundLine', { refund: true }],
  ['unlisted', { unlisted: true }],
  ['restricted', { restricted: 'confirmed' }],
  ['restricted', { restricted: 'unconfirmed' }],
  ['splitPack', { splitPack: true }],
] as const;

export function addOddities(planner: Planner): void {
  for (const home of planner.regions) {
    for (const [story, oddities] of ODDITIES) {
      const occasion = planner.occasion('outpatient', planner.abroad(home, 1).id, planner.patient(home));
      planner.add(story, occasion, settles(planner.maker.outpatient(occasion, 'internal', oddities)));
    }
    const occasion = {
      ...planner.occasion('outpatient', planner.abroad(home, 2).id, planner.patient(home)),
      emergency: true,
    };
    planner.add('emergency', occasion, settles(planner.maker.outpatient(occasion, 'internal')));
  }
}

/** Bills taken back whole, one of them settled anew as it should have been; one sent twice; a number used for two bills. */
export function addSecondThoughts(planner: Planner): void {
  const visit = (home: string): Occasion =>
    planner.occasion('outpatient', planner.abroad(home, 1).id, planner.patient(home));
  const { maker, regions } = planner;
  const bill = (occasion: Occasion): BillRequest => maker.outpatient(occasion, 'internal');
  for (const home of regions.slice(1)) {
    const occasion = visit(home);
    planner.add('reversal', occasion, settles(bill(occasion)), { do: 'reverse', reason: '患者要求退费' });
  }
  const [home = ''] = regions;
  const wrong = visit(home);
  const right = { ...maker.outpatient(wrong, 'tcm'), requestKey: 'corrected' };
  planner.add('corrected', wrong, settles(bill(wrong)), { do: 'reverse', reason: '收费科室录错' }, settles(right));
  const twice = visit(home);
  planner.add('repeat', twice, settles(bill(twice)), { do: 'settle', bill: bill(twice), expect: 'repeat' });
  const conflict = visit(home);
  const other = maker.outpatient(conflict, 'tcm');
  planner.add('conflict', conflict, settles(bill(conflict)), { do: 'settle', bill: other, expect: 'conflict' });
}

export function addSpecialDiseases(planner: Planner): void {
  const { maker, regions } = planner;
  const registered = (home: string, disease: string): string =>
    planner.patient(home, ({ registrations }) => registrations.some((one) => one.disease === disease));
  for (const home of regions) {
    for (let turn = 0; turn < 2; turn++) {
      const dialysis = planner.occasion('specialDisease', planner.abroad(home, 3).id, registered(home, DIALYSIS));
      planner.add('dialysis', dialysis, settles(maker.dialysis(dialysis)));
      const tumour = planner.occasion('specialDisease', planner.abroad(home, 3).id, registered(home, TUMOUR));
      planner.add('tumour', tumour, settles(maker.tumour(tumour)));
    }
  }
}

/** Suzhou's law has both a band edge and a cap that one long stay passes. */
const BAND_AND_CAP_HOME = '320509';
const INTENSIVE_DAYS = 58;

export function addBandAndCap(planner: Planner): void {
  const home = BAND_AND_CAP_HOME;
  const patient = planner.patient(home, ({ scheme, status }) => scheme === 'employee' && status === 'active');
  const occasion = planner.occasion('inpatient', planner.abroad(home, 3).id, patient);
  planner.add('bandAndCap', occasion, settles(planner.maker.intensiveStay(occasion, INTENSIVE_DAYS)));
}

/** Suzhou lets relatives pay with what is on their account, once the patient's own is empty. */
const FAMILY_ACCOUNT_HOME = '320509';
const PAYER_HAS_AT_LEAST_FEN = 100_000;

export function addRelatives(planner: Planner, population: readonly InsuredPerson[]): void {
  const atHome = population.filter(({ person }) => person.homeRegion === FAMILY_ACCOUNT_HOME && isInsured(person));
  const payers = atHome.filter(({ accounts }) => accounts.carried >= PAYER_HAS_AT_LEAST_FEN);
  const payerOf = new Map(payers.flatMap(({ person }) => person.sharesAccountWith.map((id) => [id, person.id])));
  const needy = atHome.filter(({ person, accounts }) => person.scheme === 'employee' && accounts.carried === 0);
  const helped = new Set(needy.map(({ person }) => person.id).filter((id) => payerOf.has(id)));
  const patient = planner.patient(FAMILY_ACCOUNT_HOME, ({ id }) => helped.has(id));
  const institution = planner.abroad(FAMILY_ACCOUNT_HOME, 2);
  const occasion = {
    ...planner.occasion('outpatient', institution.id, patient),
    familyPayer: payerOf.get(patient),
  };
  planner.add('familyAccount', occasion, settles(planner.maker.outpatient(occasion, 'internal')));
}

export function addRefusals(planner: Planner): void {
  const { maker, regions } = planner;
  for (const home of regions) {
    const gone = planner.uninsured(home, ({ coverage }) => coverage.every(({ to }) => to !== undefined));
    const ended = planner.occasion('outpatient', planner.abroad(home, 1).id, gone);
    planner.add('notInsured', ended, isRefused(maker.outpatient(ended, 'internal'), 'NOT_INSURED'));
  }
  const [home = ''] = regions;
  const paused = planner.uninsured(home, ({ coverage }) => coverage.some(({ state }) => state === 'suspended'));
  const suspended = planner.occasion('outpatient', planner.abroad(home, 1).id, paused);
  planner.add('suspended', suspended, isRefused(maker.outpatient(suspended, 'internal'), 'COVERAGE_SUSPENDED'));
}
