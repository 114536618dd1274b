import type {
  CaseEvent,
  CaseRecord,
  Look,
  Material,
  Reminder,
  ServiceCount,
  UpheldObjection,
  Verification,
} from '../../app/casework/ports.ts';
import type { Fund } from '../../core/policy/terms.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { FUND_COLUMNS } from '../settlement/settlement-rows.ts';
import type { Row } from '../engine/raw-rows.ts';

const FUND_ENTRIES = Object.entries(FUND_COLUMNS) as [Fund, string][];

function optional(value: unknown): string | undefined {
  return (value as string | null) ?? undefined;
}

export function caseOf(row: Row): CaseRecord {
  const funds = FUND_ENTRIES.map(([fund, column]) => [fund, exactInteger(row[column])]);
  return {
    caseId: row.case_id as string,
    reason: row.reason as CaseRecord['reason'],
    subjectId: row.subject_id as string,
    contentHash: row.content_hash as string,
    reasonText: row.reason_text as string,
    serviceForm: row.service_form as CaseRecord['serviceForm'],
    personId: row.person_id as string,
    openingRegion: row.opening_region as string,
    decidingRegion: row.deciding_region as string,
    institutionId: optional(row.institution_id),
    settlementId: optional(row.settlement_id),
    billNumber: optional(row.bill_number),
    claimed: exactInteger(row.claimed_fen),
    granted: exactInteger(row.granted_fen),
    funds: Object.fromEntries(funds) as CaseRecord['funds'],
    state: row.state as CaseRecord['state'],
    actingRegion: optional(row.acting_region),
    dueDate: optional(row.due_date),
    remindFrom: optional(row.remind_from),
    decidedBy: optional(row.decided_by),
    openedOn: row.opened_on as string,
    openedAtMs: exactInteger(row.opened_at_ms),
    changedAtMs: exactInteger(row.changed_at_ms),
    version: exactInteger(row.version),
  };
}

/** What a change may change. */
export function changingColumns(record: CaseRecord): Record<string, string | number | null> {
  const funds = FUND_ENTRIES.map(([fund, column]) => [column, exactInteger(record.funds[fund])]);
  return {
    granted_fen: exactInteger(record.granted),
    ...(Object.fromEntries(funds) as Record<string, number>),
    state: record.state,
    acting_region: record.actingRegion ?? null,
    due_date: record.dueDate ?? null,
    remind_from: record.remindFrom ?? null,
    decided_by: record.decidedBy ?? null,
    changed_at_ms: record.changedAtMs,
    version: record.version,
  };
}

export function caseColumns(record: CaseRecord): Record<string, string | number | null> {
  return {
    case_id: record.caseId,
    reason: record.reason,
    subject_id: record.subjectId,
    content_hash: record.contentHash,
    reason_text: record.reasonText,
    service_form: record.serviceForm,
    person_id: record.personId,
    opening_region: record.openingRegion,
    deciding_region: record.decidingRegion,
    institution_id: record.institutionId ?? null,
    settlement_id: record.settlementId ?? null,
    bill_number: record.billNumber ?? null,
    claimed_fen: exactInteger(record.claimed),
    opened_on: record.openedOn,
    opened_at_ms: record.openedAtMs,
    ...changingColumns(record),
  };
}

export function eventOf(row: Row): CaseEvent {
  return {
    seq: exactInteger(row.seq),
    action: row.action as CaseEvent['action'],
    side: row.side as CaseEvent['side'],
    doneBy: row.done_by as string,
    region: optional(row.region),
    from: optional(row.from_state) as CaseEvent['from'],
    to: row.to_state as CaseEvent['to'],
    doneAtMs: exactInteger(row.done_at_ms),
    about: optional(row.about),
    note: row.note as string,
  };
}

export function eventColumns(caseId: string, event: CaseEvent): Record<string, string | number | null> {
  return {
    case_id: caseId,
    seq: event.seq,
    action: event.action,
    side: event.side,
    done_by: event.doneBy,
    region: event.region ?? null,
    from_state: event.from ?? null,
    to_state: event.to,
    done_at_ms: event.doneAtMs,
    about: event.about ?? null,
    note: event.note,
  };
}

export function materialOf(row: Row): Material {
  return {
    materialId: row.material_id as string,
    caseId: row.case_id as string,
    itemId: row.item_id as string,
    name: row.name as string,
    mediaType: row.media_type as Material['mediaType'],
    bytes: exactInteger(row.size_bytes),
    sha256: row.sha256 as string,
    addedBy: row.added_by as string,
    addedRegion: row.added_region as string,
    addedAtMs: exactInteger(row.added_at_ms),
    missingSinceMs: row.missing_since_ms === null ? undefined : exactInteger(row.missing_since_ms),
  };
}

export function materialColumns(material: Material): Record<string, string | number> {
  return {
    material_id: material.materialId,
    case_id: material.caseId,
    item_id: material.itemId,
    name: material.name,
    media_type: material.mediaType,
    size_bytes: exactInteger(material.bytes),
    sha256: material.sha256,
    added_by: material.addedBy,
    added_region: material.addedRegion,
    added_at_ms: material.addedAtMs,
  };
}

export function verificationOf(row: Row): Verification {
  return {
    itemId: row.item_id as string,
    verifiedBy: row.verified_by as string,
    verifiedRegion: row.verified_region as string,
    verifiedAtMs: exactInteger(row.verified_at_ms),
  };
}

export function lookOf(row: Row): Look {
  return {
    lookId: row.look_id as string,
    materialId: row.material_id as string,
    seenBy: row.seen_by as string,
    seenRegion: row.seen_region as string,
    seenAtMs: exactInteger(row.seen_at_ms),
    why: row.why as string,
  };
}

export function reminderOf(row: Row): Reminder {
  return {
    remindedOn: row.reminded_on as string,
    region: row.region as string,
    dueDate: row.due_date as string,
  };
}

export function countOf(row: Row): ServiceCount {
  return {
    month: row.month as string,
    serviceForm: row.service_form as ServiceCount['serviceForm'],
    openingRegion: row.opening_region as string,
    decidingRegion: row.deciding_region as string,
    count: exactInteger(row.services),
  };
}

export function upheldOf(row: Row): UpheldObjection {
  return {
    objectionId: row.objection_id as string,
    homeRegion: row.home_region as string,
    treatmentRegion: row.treatment_region as string,
    institutionId: row.institution_id as string,
    settlementId: row.settlement_id as string,
    personId: row.person_id as string,
    billNumber: row.bill_number as string,
    deducted: exactInteger(row.deducted_fen),
    decision: (row.decision as string | null) ?? '',
  };
}
