import type { Bill } from '../../../src/core/adjudicate/facts.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import type { BenefitKind } from '../../../src/core/policy/terms.ts';
import { rulebookOf, type History, type Visit } from '../../oracle/generate.ts';

const DAY = '2024-06-15';

/** A visit at home on one day of 2024, each amount one line of class A. */
export function visit(kind: BenefitKind, amounts: readonly number[], other: Partial<Bill> = {}): Visit {
  const lines = amounts.map((amount, index) => ({
    no: index + 1,
    code: 'A',
    name: 'item',
    quantity: 10_000,
    price: amount * 10_000,
    amount,
    feeDate: DAY,
    certifiedFor: undefined,
    restrictionMet: false,
    refundOf: undefined,
  }));
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  const bill = { kind, visitDate: DAY, admissionDate: undefined, emergency: false, disease: undefined, total, lines };
  return {
    bill: { ...bill, ...other },
    institution: { id: 'hospital', region: 'home', level: 3, groups: [] },
    settledOn: DAY,
  };
}

/** A stay of one day. */
export function stay(amounts: readonly number[]): Visit {
  return visit('inpatient', amounts, { admissionDate: DAY });
}

/** A person of whom nothing special is known, under one policy, whose catalogue holds one item that counts in full. */
export function plainHistory(policy: Policy, visits: readonly Visit[]): History {
  const item = {
    code: 'A',
    name: 'item',
    kind: 'service' as const,
    itemClass: 'A' as const,
    firstSelfPay: { employee: 0, resident: 0 },
    priceLimit: undefined,
    restriction: undefined,
    compliant: false,
    provenance: 'illustrative' as const,
    source: 'test',
  };
  const catalogue = { hash: 'c', region: 'home', from: '1900-01-01', to: undefined, items: new Map([['A', item]]) };
  const rules = { policies: [policy], catalogues: [catalogue], pairs: {} };
  return {
    rulebook: rulebookOf(rules),
    rules,
    person: {
      id: 'person',
      homeRegion: 'home',
      scheme: 'employee',
      birthDate: '1980-01-01',
      status: 'active',
      retiredOn: undefined,
      severeDisability: false,
      student: false,
      familyDoctor: false,
      civilServant: false,
      medicalAid: 'none',
      coverage: [{ from: '1900-01-01', to: undefined, state: 'active' }],
      registrations: [],
      filings: [],
    },
    accumulators: {},
    accounts: { current: 0, carried: 0, family: 0 },
    visits,
  };
}
