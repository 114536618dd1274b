import { createHash } from 'node:crypto';
import type { KeyStore } from '../../src/app/ports.ts';
import { benchInstitutionIds, benchInstitutions } from './bench-people.ts';

/** Gives each institution of the bench its key. */
export async function addBenchKeys(keys: KeyStore, institutions: number): Promise<void> {
  await keys.add(
    benchInstitutions(benchInstitutionIds(institutions)).map(({ id, key }) => ({
      keyHash: createHash('sha256').update(key).digest('hex'),
      principal: { kind: 'institution', id },
    })),
  );
}
