import type { Attributes, Condition } from '../../src/core/policy/parameter.ts';
import type { InstitutionGroup } from '../../src/core/policy/terms.ts';
import type { Choices } from './choices.ts';
import { when } from './policy-builder.ts';

/** What generated policies, persons and bills have in common. */
export const DISEASES = ['M01', 'M02', 'M03'] as const;
export const PERIODS = ['treatment', 'recovery', 'later'] as const;
export const GROUPS: readonly InstitutionGroup[] = ['community', 'consortium', 'contracted', 'pharmacy'];
export const KINDS = ['outpatient', 'inpatient', 'specialDisease', 'pharmacy'] as const;
export const FILINGS = ['longTerm', 'referral', 'emergency', 'other'] as const;
export const MEDICAL_AID = ['none', 'specialHardship', 'lowIncome', 'otherAid'] as const;

type Attribute = Exclude<keyof Attributes, 'groups'> | 'group';
type Maker = (c: Choices) => { text: string; holds: Condition['holds'] };

function flag(name: 'severeDisability' | 'student' | 'familyDoctor' | 'civilServant' | 'emergency'): Maker {
  return (c) => {
    const wanted = !c.chance(30);
    return { text: `${name}: ${wanted}`, holds: (a) => a[name] === wanted };
  };
}

function oneOf<K extends keyof Attributes>(name: K, values: readonly Attributes[K][]): Maker {
  return (c) => {
    const wanted = c.some(values, 40);
    if (wanted.length === 0) wanted.push(c.pick(values));
    return { text: `${name}: [${wanted.join(', ')}]`, holds: (a) => wanted.includes(a[name]) };
  };
}

function atLeast(name: 'level' | 'admission' | 'band', min: number, max: number): Maker {
  return (c) => {
    const from = c.int(min, max);
    return { text: `${name}: {from: ${from}}`, holds: (a) => a[name] >= from };
  };
}

const MAKERS: Record<Attribute, readonly Maker[]> = {
  level: [oneOf('level', [1, 2, 3]), atLeast('level', 2, 3)],
  status: [oneOf('status', ['active', 'retired'])],
  age: [
    (c) => {
      const from = c.int(0, 80);
      const below = from + c.int(5, 40);
      return { text: `age: {from: ${from}, below: ${below}}`, holds: (a) => a.age >= from && a.age < below };
    },
  ],
  retiredOn: [
    () => ({
      text: 'retiredOn: {before: 2001-01-01}',
      holds: ({ retiredOn }) => retiredOn !== undefined && retiredOn < '2001-01-01',
    }),
  ],
  severeDisability: [flag('severeDisability')],
  student: [flag('student')],
  familyDoctor: [flag('familyDoctor')],
  civilServant: [flag('civilServant')],
  medicalAid: [oneOf('medicalAid', MEDICAL_AID)],
  group: [
    (c) => {
      const wanted = c.pick(GROUPS);
      return { text: `group: ${wanted}`, holds: (a) => a.groups.includes(wanted) };
    },
  ],
  benefit: [oneOf('benefit', KINDS)],
  emergency: [flag('emergency')],
  filing: [oneOf('filing', ['none', ...FILINGS])],
  disease: [oneOf('disease', DISEASES)],
  period: [oneOf('period', PERIODS)],
  admission: [oneOf('admission', [1, 2, 3]), atLeast('admission', 2, 3)],
  band: [oneOf('band', [1, 2, 3]), atLeast('band', 2, 3)],
  itemClass: [oneOf('itemClass', ['A', 'B'])],
};

/** Attributes that every parameter may depend on. */
export const ANYWHERE: readonly Attribute[] = [
  'level',
  'status',
  'filing',
  'admission',
  'disease',
  'period',
  'age',
  'benefit',
  'emergency',
  'group',
  'medicalAid',
  'retiredOn',
  'student',
  'severeDisability',
  'familyDoctor',
  'civilServant',
];

/** A condition on one attribute, sometimes on two. */
export function generateCondition(c: Choices, allowed: readonly Attribute[] = ANYWHERE): Condition {
  const names = c.repeat(1, c.chance(25) ? 2 : 1, () => c.pick(allowed));
  const tests = names.map((name) => c.pick(MAKERS[name])(c));
  const uses = names.map((name) => (name === 'group' ? 'groups' : name));
  return when(tests.map(({ text }) => text).join(', '), uses, (attributes) =>
    tests.every(({ holds }) => holds(attributes)),
  );
}
