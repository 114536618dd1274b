import { createHash } from 'node:crypto';
import { dueOf } from '../../core/casework/handling-rules.ts';
import type { CaseForm, CaseReason } from '../../core/casework/terms.ts';
import { invariant } from '../../core/invariant.ts';
import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import type { CaseActor, CaseRecord } from './ports.ts';

/** What a case is opened with. */
export interface OpenCaseCommand {
  readonly reason: CaseReason;
  /** The settlement, bill or objection that it is about, or a clerk's request key: one case a reason and subject. */
  readonly subjectId: string;
  /** What a clerk says about it; the engine may say nothing. */
  readonly reasonText?: string;
  readonly serviceForm?: CaseForm;
  readonly personId: string;
  /** Where the person is helped: the treatment county. */
  readonly openingRegion: string;
  /** Where it is decided: the person's home county. */
  readonly decidingRegion: string;
  readonly institutionId?: string | undefined;
  readonly settlementId?: string | undefined;
  readonly billNumber?: string | undefined;
  /** What the person asks for; 0 where it is not about money. */
  readonly claimed: Fen;
  /** Without a region: the engine. */
  readonly openedBy: CaseActor;
}

/** The case, and whether it was opened now or had been before. */
export interface OpenedCase {
  readonly record: CaseRecord;
  readonly isNew: boolean;
}

const NO_FUNDS = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };

function contentHashOf({ openedBy: _who, ...content }: OpenCaseCommand): string {
  const members: [string, unknown][] = Object.entries(content);
  const named = members.filter(([, value]) => value !== undefined);
  const sorted = named.sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

function recordOf(deps: Pick<CaseworkDeps, 'handlingRules' | 'clock' | 'newId'>, command: OpenCaseCommand): CaseRecord {
  const { reasonText = '', serviceForm = 'collectedOnBehalf' } = command;
  const { reason, subjectId, personId, openingRegion, decidingRegion, claimed } = command;
  const { institutionId, settlementId, billNumber } = command;
  invariant(Number.isSafeInteger(claimed) && claimed >= 0, 'a claim is a whole number of fen and not negative');
  const nowMs = deps.clock.now();
  const openedOn = shanghaiDate(nowMs);
  const standing = { state: 'opened', form: serviceForm, granted: 0 } as const;
  return {
    caseId: deps.newId(),
    reason,
    subjectId,
    contentHash: contentHashOf(command),
    reasonText,
    serviceForm,
    personId,
    openingRegion,
    decidingRegion,
    institutionId,
    settlementId,
    billNumber,
    claimed,
    granted: 0,
    funds: NO_FUNDS,
    state: standing.state,
    ...dueOf(deps.handlingRules(), command, standing, openedOn),
    decidedBy: undefined,
    openedOn,
    openedAtMs: nowMs,
    changedAtMs: nowMs,
    version: 1,
  };
}

/**
 * Opens a case, once for a reason and subject. The engine's later calls find the first one whatever they say; a clerk's must
 * say the same.
 *
 * @throws AppError CASE_CONFLICT when a clerk's request key stands for other content; what the store throws
 */
export async function openCase(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'>,
  command: OpenCaseCommand,
): Promise<OpenedCase> {
  const { reason, subjectId, openedBy } = command;
  const record = recordOf(deps, command);
  // A repeat is the rule where a job calls again: looked for first, so that it writes nothing.
  const before = await deps.cases.bySubject(reason, subjectId);
  if (before === undefined) {
    const isNew = await deps.cases.create(record, {
      seq: record.version,
      action: 'open',
      side: openedBy.region === undefined ? 'engine' : 'opening',
      doneBy: openedBy.id,
      region: openedBy.region,
      from: undefined,
      to: record.state,
      doneAtMs: record.openedAtMs,
      about: undefined,
      note: record.reasonText,
    });
    if (isNew) return { record, isNew };
  }
  const found = before ?? (await deps.cases.bySubject(reason, subjectId));
  invariant(found !== undefined, 'a case that could not be opened twice is there once');
  if (openedBy.region !== undefined && found.contentHash !== record.contentHash) {
    throw new AppError('CASE_CONFLICT', 'the request key stands for a case with other content', {
      status: 409,
      help: 'use another request key for another case',
      extra: { caseId: found.caseId },
    });
  }
  return { record: found, isNew: false };
}
