import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/open-database.ts';
import { describeEachDatabase } from '../support/databases.ts';

describeEachDatabase('RuleArchive and KeyStore', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
  });

  it('keeps rules of any length, again and again', async () => {
    const content = '起付线: 1500\n'.repeat(100_000);
    const rules = [{ hash: 'h1', kind: 'policy' as const, region: '310118', content }];
    await database.ruleArchive.keep(rules);
    const second = { hash: 'h2', kind: 'catalogue' as const, region: '330421', content: '["透析液"]\n[]' };
    await database.ruleArchive.keep([...rules, second]);
    expect(await database.ruleArchive.others([])).toEqual([...rules, second]);
    expect(await database.ruleArchive.others(['h1', 'unknown'])).toEqual([second]);
    expect(await database.ruleArchive.others(['h1', 'h2'])).toEqual([]);
  });

  it('refuses a hash that does not fit instead of cutting it off', async () => {
    const rule = { hash: 'h'.repeat(65), kind: 'policy' as const, region: '310118', content: '' };
    const keeping = database.ruleArchive.keep([rule]);
    // SQLite has no lengths.
    if (database.engine === 'sqlite') await expect(keeping).resolves.toBeUndefined();
    else await expect(keeping).rejects.toThrow(/too long/);
  });

  it('knows keys by their hash', async () => {
    const fund = { keyHash: 'b', principal: { kind: 'fund' as const, id: '310118' } };
    const operator = { keyHash: 'a', principal: { kind: 'operator' as const, id: '值班员' } };
    await database.keyStore.add([fund, operator]);
    expect(await database.keyStore.all()).toEqual([operator, fund]);
    const moved = { ...fund, principal: { ...fund.principal, id: '330421' } };
    await database.keyStore.add([moved]);
    expect(await database.keyStore.all()).toEqual([operator, moved]);
  });
});
