import { unreachable } from '../core/invariant.ts';
import type { Attributes, Condition } from '../core/policy/parameter.ts';
import type { ConditionDocument, NumbersDocument } from './policy-schema.ts';

type Test = (attributes: Attributes) => boolean;
type Key = keyof ConditionDocument;

function numberTest(wanted: NumbersDocument, of: (attributes: Attributes) => number): Test {
  if ('from' in wanted) {
    const { from } = wanted;
    return (attributes) => of(attributes) >= from;
  }
  return (attributes) => wanted.includes(of(attributes));
}

/** One of several; an attribute that is not set is none of them. */
function anyOf<T>(wanted: readonly T[], of: (attributes: Attributes) => T | undefined): Test {
  return (attributes) => {
    const value = of(attributes);
    return value !== undefined && wanted.includes(value);
  };
}

function testOf(key: Key, when: ConditionDocument): Test | undefined {
  switch (key) {
    case 'level':
      return when.level && numberTest(when.level, (attributes) => attributes.level);
    case 'admission':
      return when.admission && numberTest(when.admission, (attributes) => attributes.admission);
    case 'band':
      return when.band && numberTest(when.band, (attributes) => attributes.band);
    case 'status':
      return when.status && anyOf(when.status, (attributes) => attributes.status);
    case 'medicalAid':
      return when.medicalAid && anyOf(when.medicalAid, (attributes) => attributes.medicalAid);
    case 'benefit':
      return when.benefit && anyOf(when.benefit, (attributes) => attributes.benefit);
    case 'filing':
      return when.filing && anyOf(when.filing, (attributes) => attributes.filing);
    case 'disease':
      return when.disease && anyOf(when.disease, (attributes) => attributes.disease);
    case 'period':
      return when.period && anyOf(when.period, (attributes) => attributes.period);
    case 'itemClass':
      return when.itemClass && anyOf(when.itemClass, (attributes) => attributes.itemClass);
    case 'severeDisability':
    case 'student':
    case 'familyDoctor':
    case 'civilServant':
    case 'emergency': {
      const flag: 'severeDisability' | 'student' | 'familyDoctor' | 'civilServant' | 'emergency' = key;
      const wanted = when[flag];
      return wanted === undefined ? undefined : (attributes) => attributes[flag] === wanted;
    }
    case 'group': {
      const wanted = when.group;
      return wanted && (({ groups }) => wanted.some((group) => groups.includes(group)));
    }
    case 'age': {
      const { from = 0, below = Number.POSITIVE_INFINITY } = when.age ?? {};
      return when.age && (({ age }) => age >= from && age < below);
    }
    case 'retiredOn': {
      const { from = '', before = '9999-99-99' } = when.retiredOn ?? {};
      return when.retiredOn && (({ retiredOn }) => retiredOn !== undefined && retiredOn >= from && retiredOn < before);
    }
    default:
      return unreachable(key);
  }
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? String(value[0]) : `[${value.join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}: ${String(part)}`)
    .join(', ')}}`;
}

/** Compiles `when` to closures that allocate nothing when they are asked. */
export function compileCondition(when: ConditionDocument): Condition {
  const keys = Object.keys(when) as Key[];
  const tests = keys.map((key) => testOf(key, when)).filter((test) => test !== undefined);
  const [first, ...others] = tests;
  return {
    text: keys.map((key) => `${key}: ${written(when[key])}`).join(', '),
    uses: keys.map((key) => (key === 'group' ? 'groups' : key)),
    holds:
      first !== undefined && others.length === 0
        ? first
        : (attributes) => {
            for (const test of tests) if (!test(attributes)) return false;
            return true;
          },
  };
}
