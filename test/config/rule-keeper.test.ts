import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import type { RuleText } from '../../src/config/load-rules.ts';
import { createRuleKeeper, type KeeperDeps } from '../../src/config/rule-keeper.ts';
import { CATALOGUE_HEADER, configFolder, smallPolicy, TWO_REGIONS } from '../support/config-folder.ts';

const CALENDAR = readFileSync(new URL('../../config/calendar.yaml', import.meta.url), 'utf8');
const POLICY = 'policies/310118/employee/2023.yaml';
const CATALOGUE = 'catalogues/310118/2023-01-01.csv';
const INSTITUTIONS = 'institutions/all.yaml';
const DAY = '2024-06-15';
const item = (name: string) => `${CATALOGUE_HEADER}\nD1,${name},drug,A,0,0,,,,sourced,list\n`;

const institution = (name: string, region = '310118') => `
institutions:
  - { id: H31011800001, name: ${name}, nameEn: hospital, region: "${region}", level: 3, kind: hospital }
`;

function memoryArchive(): KeeperDeps['archive'] & { readonly texts: Map<string, RuleText> } {
  const texts = new Map<string, RuleText>();
  return {
    texts,
    async keep(rules) {
      for (const rule of rules) texts.set(rule.hash, rule);
    },
    async others(hashes) {
      return [...texts.values()].filter(({ hash }) => !hashes.includes(hash));
    },
  };
}

async function keeperOf(archive: KeeperDeps['archive'] = memoryArchive()) {
  const folder = configFolder({
    'calendar.yaml': CALENDAR,
    'regions/regions.yaml': TWO_REGIONS,
    [POLICY]: smallPolicy(),
    [CATALOGUE]: item('first'),
    [INSTITUTIONS]: institution('青浦医院'),
  });
  const leftOut: string[] = [];
  const open = async () => {
    const loaded = loadConfig(folder);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const deps = { configDir: folder, archive, onLeftOut: ({ hash }: RuleText) => leftOut.push(hash) };
    return createRuleKeeper(deps, loaded.config);
  };
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  return { folder, keeper: await open(), open, write, leftOut };
}

type Keeper = Awaited<ReturnType<typeof createRuleKeeper>>;

function inForce({ current: { rules } }: Keeper): { policy: string; catalogue: string } {
  const policy = rules.rulebook.policyOn('310118', 'employee', DAY)!.hash;
  return { policy, catalogue: rules.rulebook.catalogueOn('310118', DAY)!.hash };
}

describe('the rule keeper', () => {
  it('puts changed rules into force as a whole, and still knows the old ones by hash', async () => {
    const { keeper, write } = await keeperOf();
    const before = inForce(keeper);
    const { rulebook: old } = keeper.current.rules;
    write(POLICY, smallPolicy({ ratio: '0.70' }));
    write(CATALOGUE, item('second'));
    expect(await keeper.reload()).toEqual({ ok: true, config: keeper.current });

    const after = inForce(keeper);
    expect(after.policy).not.toBe(before.policy);
    expect(after.catalogue).not.toBe(before.catalogue);
    const { rulebook } = keeper.current.rules;
    expect(rulebook.policyByHash(before.policy)).toBe(old.policyOn('310118', 'employee', DAY));
    expect(rulebook.catalogueByHash(before.catalogue)?.items.get('D1')?.name).toBe('first');
    // Whoever is under way with the old rules finishes with them.
    expect(old.policyOn('310118', 'employee', DAY)?.hash).toBe(before.policy);
  });

  it('knows by hash after a restart what is only in the archive, and never has it in force', async () => {
    const archive = memoryArchive();
    const { keeper, open, write, folder } = await keeperOf(archive);
    const before = inForce(keeper);
    write('policies/310118/employee/2025.yaml', smallPolicy({ id: 'later', effective: '{ from: 2025-01-01 }' }));
    write(POLICY, smallPolicy({ effective: '{ from: 2023-01-01, to: 2024-12-31 }' }));
    rmSync(join(folder, CATALOGUE));

    const { rulebook } = (await open()).current.rules;
    expect(rulebook.policyByHash(before.policy)?.to).toBeUndefined();
    expect(rulebook.policyOn('310118', 'employee', DAY)?.to).toBe('2024-12-31');
    expect(rulebook.policyOn('310118', 'employee', '2026-01-01')?.id).toBe('later');
    expect(rulebook.catalogueByHash(before.catalogue)?.items.get('D1')?.name).toBe('first');
    expect(rulebook.catalogueOn('310118', DAY)).toBeUndefined();
  });

  it('starts without what cannot be read any more, and says so', async () => {
    const archive = memoryArchive();
    archive.texts.set('old', { hash: 'old', kind: 'policy', region: '310118', content: '{"quota":"1"}' });
    const { keeper, leftOut } = await keeperOf(archive);
    expect(leftOut).toEqual(['old']);
    expect(keeper.current.rules.rulebook.policyByHash('old')).toBeUndefined();
  });

  it('stays as it is with any error, and names the files by their place in the folder', async () => {
    const { keeper, write, folder } = await keeperOf();
    const running = keeper.current;
    write(CATALOGUE, item('second'));
    write(POLICY, smallPolicy({ ratio: '1.2' }));
    write('policies/310118/employee/2024.yaml', smallPolicy({ id: 'overlapping', effective: '{ from: 2024-01-01 }' }));
    const refused = await keeper.reload();
    expect(keeper.current).toBe(running);
    expect(refused).toMatchObject({
      ok: false,
      errors: [{ file: POLICY, path: 'benefits.outpatient.bands.ratio[0].value', line: 10 }],
    });

    write(POLICY, smallPolicy());
    const overlap = await keeper.reload();
    expect(overlap).toMatchObject({ errors: [{ file: 'policies/310118/employee/2024.yaml', path: 'effective' }] });
    expect(JSON.stringify(overlap)).toContain(`(${POLICY})`);

    rmSync(join(folder, 'policies'), { recursive: true });
    const empty = { file: '.', reason: 'has no policies/<region>/<scheme>/*.yaml' };
    expect(await keeper.reload()).toMatchObject({ errors: [empty] });
    expect(JSON.stringify([refused, overlap])).not.toContain(folder);
    expect(keeper.current).toBe(running);
  });

  it('takes institutions with the rules, or neither', async () => {
    const { keeper, write } = await keeperOf();
    const running = keeper.current;
    write(POLICY, smallPolicy({ ratio: '0.70' }));
    write(INSTITUTIONS, institution('新名', '999999'));
    expect(await keeper.reload()).toMatchObject({ errors: [{ file: INSTITUTIONS, path: 'institutions[0].region' }] });
    expect(keeper.current).toBe(running);

    write(INSTITUTIONS, institution('新名'));
    await keeper.reload();
    expect(keeper.current.institutions.get('H31011800001')?.name).toBe('新名');
    expect(inForce(keeper).policy).not.toBe(running.rules.summary.policies[0]?.policy.hash);
  });

  it('puts nothing into force that could not be archived', async () => {
    const archive = memoryArchive();
    const { keeper, write } = await keeperOf(archive);
    const running = keeper.current;
    write(POLICY, smallPolicy({ ratio: '0.70' }));
    const keep = archive.keep.bind(archive);
    archive.keep = () => Promise.reject(new Error('the database is away'));
    await expect(keeper.reload()).rejects.toThrow('the database is away');
    expect(keeper.current).toBe(running);

    archive.keep = keep;
    expect(await keeper.reload()).toMatchObject({ ok: true });
    expect(keeper.current).not.toBe(running);
  });

  it('ends with the latest files when reloads overtake each other', async () => {
    const archive = memoryArchive();
    const { keeper, write } = await keeperOf(archive);
    const keep = archive.keep.bind(archive);
    let delayMs = 30;
    archive.keep = async (rules) => {
      await new Promise((done) => setTimeout(done, delayMs));
      delayMs = 0;
      await keep(rules);
    };
    write(POLICY, smallPolicy({ ratio: '0.70' }));
    const first = keeper.reload();
    await Promise.resolve();
    write(POLICY, smallPolicy({ ratio: '0.60' }));
    const [, second] = await Promise.all([first, keeper.reload()]);
    expect(second.ok && second.config).toBe(keeper.current);
    const loaded = second.ok ? second.config.rules.summary.policies[0]?.policy.hash : undefined;
    expect(inForce(keeper).policy).toBe(loaded);
    expect(archive.texts.size).toBe(4);
  });
});
