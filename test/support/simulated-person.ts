import type { PersonCopyBody } from '../../src/http/schemas/persons.ts';

/** A person as a simulated fund of Wujiang has them. */
export function simulatedPerson(personId: string, changes: Partial<PersonCopyBody> = {}): PersonCopyBody {
  return {
    personId,
    name: '沈小芬',
    scheme: 'employee',
    birthDate: '1961-05-06',
    status: 'active',
    severeDisability: false,
    student: false,
    familyDoctor: true,
    civilServant: false,
    medicalAid: 'none',
    coverage: [{ from: '2000-01-01', state: 'active' }],
    registrations: [],
    filings: [],
    sharesAccountWith: [],
    asOf: '2026-11-24T08:00:00.000+08:00',
    balances: {
      contains: { eventSequence: 0 },
      accounts: { current: '100.00', carried: '0.00' },
      accumulators: [{ bucket: '2026-01-01', name: 'paid', value: '5.00' }],
    },
    ...changes,
  };
}
