import { actionsFor } from '../../app/casework/change-case.ts';
import type { CaseActor, CaseFile, CaseRecord, Material } from '../../app/casework/ports.ts';
import { checklistFor, lackingItems, type HandlingRules } from '../../core/casework/handling-rules.ts';
import type { DateText } from '../../core/calendar.ts';
import { formatFen } from '../../core/money/text.ts';
import { FUNDS } from '../../core/policy/terms.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { CaseDetail, CaseView, MaterialView } from '../schemas/casework.ts';

export function presentCase(record: CaseRecord, today: DateText): CaseView {
  const { dueDate } = record;
  return {
    caseId: record.caseId,
    reason: record.reason,
    reasonText: record.reasonText,
    serviceForm: record.serviceForm,
    personId: record.personId,
    openingRegion: record.openingRegion,
    decidingRegion: record.decidingRegion,
    institutionId: record.institutionId,
    settlementId: record.settlementId,
    billNumber: record.billNumber,
    claimed: formatFen(record.claimed),
    granted: formatFen(record.granted),
    funds: Object.fromEntries(FUNDS.map((fund) => [fund, formatFen(record.funds[fund])])) as CaseView['funds'],
    state: record.state,
    actingRegion: record.actingRegion,
    dueDate,
    isOverdue: dueDate !== undefined && dueDate < today,
    openedAt: shanghaiInstant(record.openedAtMs),
    changedAt: shanghaiInstant(record.changedAtMs),
    version: record.version,
  };
}

export function presentMaterial(material: Material): MaterialView {
  return {
    materialId: material.materialId,
    item: material.itemId,
    name: material.name,
    mediaType: material.mediaType,
    bytes: material.bytes,
    sha256: material.sha256,
    addedBy: material.addedBy,
    addedRegion: material.addedRegion,
    addedAt: shanghaiInstant(material.addedAtMs),
    isMissing: material.missingSinceMs !== undefined,
  };
}

function presentChecklist({ record, materials, verifications }: CaseFile, rules: HandlingRules) {
  const checklist = checklistFor(rules, record, record.reason);
  const provided = materials.filter(({ missingSinceMs }) => missingSinceMs === undefined);
  const lacking = lackingItems(
    checklist,
    new Set(provided.map(({ itemId }) => itemId)),
    new Set(verifications.map(({ itemId }) => itemId)),
  );
  return checklist.map(({ id, name, nameEn, required, toVerify, source, provenance }) => {
    const tick = verifications.find(({ itemId }) => itemId === id);
    return {
      item: id,
      name,
      nameEn,
      required,
      toVerify,
      lacks: lacking.find(({ item }) => item === id)?.lacks,
      verified: tick && { by: tick.verifiedBy, region: tick.verifiedRegion, at: shanghaiInstant(tick.verifiedAtMs) },
      source,
      provenance,
    };
  });
}

/** Everything about a case, for a clerk who may see it. */
export function presentCaseFile(file: CaseFile, actor: CaseActor, rules: HandlingRules, today: DateText): CaseDetail {
  const { record, materials, events, reminders } = file;
  return {
    ...presentCase(record, today),
    actions: actionsFor(actor, record),
    checklist: presentChecklist(file, rules),
    materials: materials.map(presentMaterial),
    history: events.map(({ seq, action, side, doneBy: by, region, from, to, doneAtMs, about, note }) => {
      return { seq, action, side, by, region, from, to, at: shanghaiInstant(doneAtMs), about, note };
    }),
    reminders: reminders.map(({ remindedOn, region, dueDate }) => ({ remindedOn, region, dueDate })),
  };
}
