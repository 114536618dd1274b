import type { Attributes, Condition, ParameterRow } from '../core/policy/parameter.ts';
import type { Policy } from '../core/policy/policy.ts';
import { type CompiledPolicy } from './compile-policy.ts';
import { sitesOf, type Site } from './coverage-sites.ts';
import { filingKind, medicalAid } from './shapes.ts';
import type { FileErrors, Path } from './rule-error.ts';

type Key = keyof Attributes;

/** Some attributes with a value each. What need not be covered may still be what a row is for. */
interface Choice {
  readonly part: Partial<Attributes>;
  readonly required: boolean;
}

/** Beyond this a parameter depends on too much at once to be proved complete. */
const COMBINATIONS_MAX = 100_000;
const ADMISSIONS_LEAST = 5;

const FLAGS: readonly Key[] = ['severeDisability', 'student', 'familyDoctor', 'civilServant', 'emergency'];

/** Values of attributes that stand for all others: on either side of every boundary that the policy names. */
interface Representatives {
  readonly ages: readonly number[];
  readonly retirements: readonly (string | undefined)[];
  readonly groups: readonly Attributes['groups'][];
  readonly admissions: readonly number[];
}

function representativesOf({ compilation }: CompiledPolicy): Representatives {
  const conditions = compilation.conditions.map(({ when }) => when);
  const ages = conditions.flatMap(({ age }) => [age?.from, age?.below]).filter((age) => age !== undefined);
  const retirements = conditions.flatMap(({ retiredOn }) => [retiredOn?.from, retiredOn?.before]);
  const groups = conditions.flatMap(({ group }) => group ?? []);
  const admissions = conditions.flatMap(({ admission = [] }) => ('from' in admission ? [admission.from] : admission));
  const last = Math.max(ADMISSIONS_LEAST, ...admissions.map((admission) => admission + 1));
  return {
    ages: [...new Set([0, ...ages])],
    retirements: [...new Set([undefined, '0001-01-01', ...retirements])],
    groups: [[], ...[...new Set(groups)].map((group) => [group])],
    admissions: Array.from({ length: last }, (_, at) => at + 1),
  };
}

function choices<K extends Key>(key: K, values: readonly Attributes[K][], required = true): Choice[] {
  return values.map((value) => ({ part: { [key]: value }, required }));
}

/** Benefit, disease and period hang together: only a special disease has the latter two. */
function groundChoices(policy: Policy, { benefits, disease }: Site): Choice[] {
  return benefits.flatMap((benefit): Choice[] => {
    if (benefit !== 'specialDisease') {
      return [{ part: { benefit, disease: undefined, period: undefined }, required: true }];
    }
    if (disease !== undefined) return [{ part: { benefit, disease, period: undefined }, required: true }];
    const registered = policy.diseases.flatMap(({ code, periods }) => {
      const ids = periods.length === 0 ? [undefined] : periods.map(({ id }) => id);
      return ids.map((period): Choice => ({ part: { benefit, disease: code, period }, required: true }));
    });
    return [...registered, { part: { benefit, disease: undefined, period: undefined }, required: false }];
  });
}

function bandsOf({ edges }: Site): number[] {
  const numbers = edges?.entries.flatMap(({ rows }) => rows.map((row) => row.value.length)) ?? [];
  return Array.from({ length: Math.max(0, ...numbers) }, (_, at) => at + 1);
}

/** The lists of choices whose combinations tell all that rows which use these attributes can see. */
function dimensionsOf(uses: ReadonlySet<Key>, policy: Policy, site: Site, known: Representatives): Choice[][] {
  const dimensions: Choice[][] = [];
  const use = (key: Key, list: () => Choice[]): void => {
    if (uses.has(key)) dimensions.push(list());
  };
  use('level', () => choices('level', [1, 2, 3]));
  use('status', () => choices('status', ['active', 'retired']));
  use('age', () => choices('age', known.ages));
  use('retiredOn', () => choices('retiredOn', known.retirements));
  for (const flag of FLAGS) use(flag, () => choices(flag, [true, false]));
  use('medicalAid', () => choices('medicalAid', medicalAid.options));
  use('groups', () => choices('groups', known.groups));
  use('filing', () => choices('filing', ['none', ...filingKind.options]));
  use('admission', () => choices('admission', site.countsAdmissions ? known.admissions : [0]));
  use('band', () => choices('band', site.edges === undefined ? [0] : bandsOf(site)));
  use('itemClass', () => [
    ...choices('itemClass', site.itemClasses),
    ...(site.itemClasses.includes('A') ? choices('itemClass', ['C'], false) : []),
  ]);
  if (uses.has('benefit') || uses.has('disease') || uses.has('period')) dimensions.push(groundChoices(policy, site));
  return dimensions;
}

const ANYBODY: Attributes = {
  level: 3,
  status: 'active',
  age: 40,
  retiredOn: undefined,
  severeDisability: false,
  student: false,
  familyDoctor: false,
  civilServant: false,
  medicalAid: 'none',
  groups: [],
  benefit: 'outpatient',
  emergency: false,
  filing: 'none',
  disease: undefined,
  period: undefined,
  admission: 0,
  band: 0,
  itemClass: undefined,
};

/** Goes through every combination of choices. */
function eachCombination(
  dimensions: readonly Choice[][],
  visit: (attributes: Attributes, required: boolean) => void,
  attributes: Attributes = ANYBODY,
  required = true,
): void {
  const [first, ...rest] = dimensions;
  if (first === undefined) {
    visit(attributes, required);
    return;
  }
  for (const choice of first) {
    eachCombination(rest, visit, { ...attributes, ...choice.part }, required && choice.required);
  }
}

function describe(attributes: Attributes, uses: ReadonlySet<Key>): string {
  const parts = [...uses].map((key) => {
    const value = attributes[key];
    const text = Array.isArray(value) ? value.join(' ') || 'none' : String(value ?? 'none');
    return `${key === 'groups' ? 'group' : key} ${text}`;
  });
  return parts.length === 0 ? 'anybody' : parts.join(', ');
}

/** Goes through what rows and conditions that use these attributes can see, unless that is too much. */
type Explore = (
  uses: ReadonlySet<Key>,
  site: Site,
  path: Path,
  visit: (attributes: Attributes, required: boolean) => void,
) => void;

function checkCondition(condition: Condition, site: Site, path: Path, explore: Explore, errors: FileErrors): void {
  const asked = [...site.holds, condition];
  let met = false;
  let seen = false;
  explore(new Set(asked.flatMap(({ uses }) => uses)), site, path, (attributes) => {
    seen = true;
    met ||= asked.every(({ holds }) => holds(attributes));
  });
  if (seen && !met) errors.add(path, 'can never hold');
}

/** Every combination that can be asked has a row, and every row is the first match of some combination. */
function checkRows(
  rows: readonly ParameterRow<unknown>[],
  site: Site,
  path: Path,
  paths: ReadonlyMap<object, Path>,
  explore: Explore,
  errors: FileErrors,
): void {
  const asked = [...rows.flatMap(({ when }) => when ?? []), ...site.holds, ...site.fails];
  const uses = new Set(asked.flatMap((condition) => condition.uses));
  const matched = new Set<ParameterRow<unknown>>();
  let reached = false;
  let missing = 0;
  let example = '';
  explore(uses, site, path, (attributes, required) => {
    if (!site.holds.every(({ holds }) => holds(attributes)) || site.fails.some(({ holds }) => holds(attributes))) return;
    reached = true;
    const row = rows.find(({ when }) => when === undefined || when.holds(attributes));
    if (row !== undefined) matched.add(row);
    else if (required && ++missing === 1) example = describe(attributes, uses);
  });
  const [first] = rows;
  if (missing > 0 && first !== undefined) {
    const others = missing > 1 ? `, nor ${missing - 1} more combinations` : '';
    errors.add((paths.get(first) ?? path).slice(0, path.length + 1), `no row matches ${example}${others}`);
  }
  // A parameter that nobody reaches stands under a condition that is reported itself.
  if (!reached) return;
  for (const row of rows) {
    if (!matched.has(row)) errors.add(paths.get(row) ?? path, 'can never match: nobody is left for this row');
  }
}

/** Proves that every lookup the engine can make finds a row, and that no row or condition is dead. */
export function checkCoverage(compiled: CompiledPolicy, errors: FileErrors): void {
  const { policy } = compiled;
  const { paths } = compiled.compilation;
  const known = representativesOf(compiled);
  const explore: Explore = (uses, site, path, visit) => {
    const dimensions = dimensionsOf(uses, policy, site, known);
    const size = dimensions.reduce((product, list) => product * list.length, 1);
    if (size <= COMBINATIONS_MAX) eachCombination(dimensions, visit);
    else errors.add(path, `depends on too much at once to be proved complete: ${size} combinations`);
  };
  const sites = sitesOf(policy);
  for (const site of sites.conditions) {
    checkCondition(site.condition, site, paths.get(site.condition) ?? [], explore, errors);
  }
  for (const { parameter, ...site } of sites.parameters) {
    for (const { rows } of parameter.entries) {
      checkRows(rows, site, paths.get(parameter) ?? [], paths, explore, errors);
    }
  }
}
