import type { CaseEvent, CaseRecord, Material } from '../../src/app/casework/ports.ts';

let made = 0;

/** A case of a person of Wujiang that Jiashan opened: 100 yuan claimed, nothing decided. */
export function sampleCase(changes: Partial<CaseRecord> = {}): CaseRecord {
  made += 1;
  return {
    caseId: `c${String(made).padStart(5, '0')}`,
    reason: 'standInRefused',
    subjectId: `bill-${made}`,
    contentHash: 'h',
    reasonText: '',
    serviceForm: 'collectedOnBehalf',
    personId: 'p1',
    openingRegion: '330421',
    decidingRegion: '320509',
    institutionId: 'H33042100001',
    settlementId: undefined,
    billNumber: 'MZ-1',
    claimed: 10_000,
    granted: 0,
    funds: { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 },
    state: 'opened',
    actingRegion: '330421',
    dueDate: '2026-11-27',
    remindFrom: '2026-11-26',
    decidedBy: undefined,
    openedOn: '2026-11-24',
    openedAtMs: 1,
    changedAtMs: 1,
    version: 1,
    ...changes,
  };
}

/** The event that made a version of a case. */
export function sampleEvent({ version, state }: CaseRecord, changes: Partial<CaseEvent> = {}): CaseEvent {
  return {
    seq: version,
    action: version === 1 ? 'open' : 'addMaterial',
    side: 'engine',
    doneBy: '结算引擎',
    region: undefined,
    from: version === 1 ? undefined : state,
    to: state,
    doneAtMs: version,
    about: undefined,
    note: '',
    ...changes,
  };
}

/** A material of a case, whose file need not be there. */
export function sampleMaterial(changes: Partial<Material> = {}): Material {
  made += 1;
  return {
    materialId: `m${String(made).padStart(5, '0')}`,
    caseId: 'c00001',
    itemId: 'card',
    name: '身份证.pdf',
    mediaType: 'application/pdf',
    bytes: 200,
    sha256: String(made).padStart(64, 'a'),
    addedBy: '赵',
    addedRegion: '330421',
    addedAtMs: 5,
    missingSinceMs: undefined,
    ...changes,
  };
}
