import type { Attributes, Condition, ParameterRow } from '../core/policy/parameter.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { CompiledPolicy } from './compile-policy.ts';
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

/** Benefit, disease and period hang together: every bill may name a disease, but only special-disease care has periods. */
function groundChoices(policy: Policy, { benefits, disease }: Site): Choice[] {
  return benefits.flatMap((benefit): Choice[] => {
    if (benefit !== 'specialDisease') {
      const named = [undefined, ...policy.diseases.map(({ code }) => code)];
      return named.map((code) => ({ part: { benefit, disease: code, period: undefined }, required: true }));
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

/** What a lookup can see; `required` says that it must find a row. */
interface Combination {
  readonly attributes: Attributes;
  readonly required: boolean;
}

function combine(dimensions: readonly Choice[][]): Combination[] {
  return dimensions.reduce<Combination[]>(
    (combinations, choice) =>
      combinations.flatMap(({ attributes, required }) =>
        choice.map((own) => ({ attributes: { ...attributes, ...own.part }, required: required && own.required })),
      ),
    [{ attributes: ANYBODY, required: true }],
  );
}

function describe(attributes: Attributes, uses: ReadonlySet<Key>): string {
  const parts = [...uses].map((key) => {
    const value = attributes[key];
    const text = Array.isArray(value) ? value.join(' ') || 'none' : String(value ?? 'none');
    return `${key === 'groups' ? 'group' : key} ${text}`;
  });
  return parts.length === 0 ? 'anybody' : parts.join(', ');
}

/** All that rows and conditions which use these attributes can see; nothing where that is too much. */
type Explore = (uses: ReadonlySet<Key>, site: Site, path: Path) => readonly Combination[];

function usesOf(conditions: readonly Condition[]): ReadonlySet<Key> {
  return new Set(conditions.flatMap(({ uses }) => uses));
}

function checkCondition(condition: Condition, site: Site, path: Path, explore: Explore, errors: FileErrors): void {
  const asked = [...site.holds, condition];
  const seen = explore(usesOf(asked), site, path);
  const met = seen.some(({ attributes }) => asked.every(({ holds }) => holds(attributes)));
  if (seen.length > 0 && !met) errors.add(path, 'can never hold');
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
  const uses = usesOf([...rows.flatMap(({ when }) => when ?? []), ...site.holds, ...site.fails]);
  const asked = explore(uses, site, path).filter(
    ({ attributes }) =>
      site.holds.every(({ holds }) => holds(attributes)) && !site.fails.some(({ holds }) => holds(attributes)),
  );
  // A parameter that nobody asks for stands under a condition that is reported itself.
  if (asked.length === 0) return;
  const found = asked.map(({ attributes }) => rows.find(({ when }) => when === undefined || when.holds(attributes)));
  const [missing, ...others] = asked.filter(({ required }, at) => required && found[at] === undefined);
  if (missing !== undefined) {
    const entryPath = (paths.get(rows[0] ?? site) ?? path).slice(0, path.length + 1);
    const more = others.length > 0 ? `, nor ${others.length} more combinations` : '';
    errors.add(entryPath, `no row matches ${describe(missing.attributes, uses)}${more}`);
  }
  const matched = new Set(found);
  for (const row of rows) {
    if (!matched.has(row)) errors.add(paths.get(row) ?? path, 'can never match: nobody is left for this row');
  }
}

/** Proves that every lookup the engine can make finds a row, and that no row or condition is dead. */
export function checkCoverage(compiled: CompiledPolicy, errors: FileErrors): void {
  const { policy } = compiled;
  const { paths } = compiled.compilation;
  const known = representativesOf(compiled);
  const explore: Explore = (uses, site, path) => {
    const dimensions = dimensionsOf(uses, policy, site, known);
    const size = dimensions.reduce((product, list) => product * list.length, 1);
    if (size <= COMBINATIONS_MAX) return combine(dimensions);
    errors.add(path, `depends on too much at once to be proved complete: ${size} combinations`);
    return [];
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
