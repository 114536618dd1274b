import { describe, expect, it } from 'vitest';
import type { CaseworkDeps } from '../../../src/app/casework/case-deps.ts';
import { readMaterial } from '../../../src/app/casework/read-material.ts';

const record = { caseId: 'c1', openingRegion: '310118', decidingRegion: '330421' };
const command = { caseId: 'c1', materialId: 'm1', actor: { id: 'wang', region: '310118' }, why: 'to decide' };

describe('looking at a material', () => {
  it('opens no file when it cannot be put on record who looks', async () => {
    const gone = new Error('the database is away');
    let opened = 0;
    const deps = {
      cases: {
        byId: () => Promise.resolve(record),
        material: () => Promise.resolve({ caseId: 'c1', materialId: 'm1', sha256: 'ab' }),
        recordLook: () => Promise.reject(gone),
      },
      materialFiles: {
        has: () => Promise.resolve(true),
        open: () => Promise.resolve((opened += 1)),
      },
      clock: { now: () => 0 },
      newId: () => 'l1',
    } as unknown as CaseworkDeps;
    await expect(readMaterial(deps, command)).rejects.toBe(gone);
    expect(opened).toBe(0);
  });
});
