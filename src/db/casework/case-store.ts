import type { Knex } from 'knex';
import type { CaseChange, CaseStore } from '../../app/casework/ports.ts';
import {
  caseColumns,
  caseOf,
  changingColumns,
  eventColumns,
  eventOf,
  lookOf,
  materialColumns,
  materialOf,
  reminderOf,
  upheldOf,
  verificationOf,
} from './case-rows.ts';
import { isUniqueConflict } from '../engine/driver-errors.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { enter } from '../ledger/journal.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId } from '../engine/sql-text.ts';
import { isMysql } from '../engine/is-mysql.ts';
import { countServices, keepServiceCounts } from './service-counts.ts';

// Both engines put a row that is there already aside, each in words of its own.
const REMIND = (ignore: string): string => `
  INSERT ${ignore} INTO casework_reminder (case_id, reminded_on, region, due_date)
  SELECT c.case_id, ?, c.acting_region, c.due_date FROM casework_case c
  WHERE c.remind_from <= ? AND c.acting_region IS NOT NULL AND c.due_date IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM casework_reminder r WHERE r.case_id = c.case_id AND r.reminded_on = ?)`;

const REMINDED = 'SELECT COUNT(*) AS reminders FROM casework_reminder WHERE reminded_on = ?';

/** Objections about the person's insurance and what it covers. Decisions are few: the index by state leads to all of them. */
const AGAINST_PATIENTS = `
  SELECT o.objection_id, o.home_region, o.treatment_region, o.institution_id, o.settlement_id, o.deducted_fen, o.decision,
    s.person_id, SUBSTR(s.bill_key, LENGTH(o.institution_id) + 2) AS bill_number
  FROM objection o JOIN settlement s ON s.settlement_id = o.settlement_id
  WHERE o.state = 'decided' AND o.reason_code IN ('notInsured', 'notCovered') AND o.deducted_fen > 0
    AND o.undone_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM casework_case c
      WHERE c.reason = 'objectionUpheld' AND c.subject_id = o.objection_id)
  ORDER BY o.objection_id LIMIT ?`;

async function writeChange(transaction: Knex.Transaction, change: CaseChange): Promise<boolean> {
  const { record, event, material, verify, unverify, entry } = change;
  const { caseId, version } = record;
  const changed = await transaction('casework_case')
    .where({ case_id: caseId, version: version - 1 })
    .update(changingColumns(record));
  if (changed === 0) return false;
  await transaction('casework_event').insert(eventColumns(caseId, event));
  if (material !== undefined) await transaction('casework_material').insert(materialColumns(material));
  if (unverify !== undefined) {
    await transaction('casework_verification').where({ case_id: caseId, item_id: unverify }).delete();
  }
  if (verify !== undefined) {
    const { itemId, verifiedBy, verifiedRegion, verifiedAtMs } = verify;
    await transaction('casework_verification')
      .insert({
        case_id: caseId,
        item_id: itemId,
        verified_by: verifiedBy,
        verified_region: verifiedRegion,
        verified_at_ms: verifiedAtMs,
      })
      .onConflict(['case_id', 'item_id'])
      .merge(['verified_by', 'verified_region', 'verified_at_ms']);
  }
  if (entry !== undefined) await enter(transaction, entry);
  return true;
}

async function remind(knex: Knex, today: string): Promise<number> {
  const count = async (transaction: Knex): Promise<number> => {
    const [row] = await rowsOf<Row>(transaction, REMINDED, [today]);
    return Number(row?.reminders ?? 0);
  };
  return inTransaction(knex, async (transaction) => {
    const before = await count(transaction);
    await transaction.raw(REMIND(isMysql(knex) ? 'IGNORE' : 'OR IGNORE'), [today, today, today]);
    return (await count(transaction)) - before;
  });
}

/** Materials by the hash of their content, as sweeping looks at them. */
function contents(knex: Knex): Pick<CaseStore, 'knownHashes' | 'hashesAfter' | 'markMissing'> {
  return {
    async knownHashes(hashes) {
      const rows = await knex('casework_material')
        .whereIn('sha256', [...hashes])
        .distinct('sha256');
      return new Set((rows as Row[]).map(({ sha256 }) => sha256 as string));
    },

    async hashesAfter(after, limit) {
      const rows = await knex('casework_material')
        .where('sha256', '>', after)
        .groupBy('sha256')
        .orderBy('sha256')
        .limit(limit)
        .select('sha256')
        .count({ materials: '*', missing: 'missing_since_ms' });
      return (rows as Row[]).map(({ sha256, missing }) => ({
        sha256: sha256 as string,
        isMissing: Number(missing) > 0,
      }));
    },

    async markMissing(sha256, sinceMs) {
      await knex('casework_material')
        .where({ sha256 })
        .update({ missing_since_ms: sinceMs ?? null });
    },
  };
}

export function createCaseStore(knex: Knex): CaseStore {
  const one = async (where: Readonly<Record<string, string>>) => {
    const [row] = await knex<Row>('casework_case').where(where).select('*');
    return row === undefined ? undefined : caseOf(row);
  };
  const ofEither = (region: string) => (query: Knex.QueryBuilder) => {
    void query.where('opening_region', region).orWhere('deciding_region', region);
  };
  const byId = async (caseId: string) => (canBeId(caseId) ? one({ case_id: caseId }) : undefined);

  return {
    async create(record, event) {
      try {
        await inTransaction(knex, async (transaction) => {
          await transaction('casework_case').insert(caseColumns(record));
          await transaction('casework_event').insert(eventColumns(record.caseId, event));
        });
        return true;
      } catch (error) {
        if (isUniqueConflict(error)) return false;
        throw error;
      }
    },

    byId,

    async bySubject(reason, subjectId) {
      return canBeId(subjectId) ? one({ reason, subject_id: subjectId }) : undefined;
    },

    async file(caseId) {
      const record = await byId(caseId);
      if (record === undefined) return undefined;
      const rows = async (table: string, order: string) =>
        (await knex(table).where('case_id', caseId).orderBy(order).select('*')) as Row[];
      return {
        record,
        events: (await rows('casework_event', 'seq')).map(eventOf),
        materials: (await rows('casework_material', 'material_id')).map(materialOf),
        verifications: (await rows('casework_verification', 'item_id')).map(verificationOf),
        reminders: (await rows('casework_reminder', 'reminded_on')).map(reminderOf),
      };
    },

    async list({ region, state, before, limit }) {
      const query = knex('casework_case').where(ofEither(region));
      if (state !== undefined) void query.where({ state });
      if (before !== undefined) void query.where('case_id', '<', before);
      return ((await query.orderBy('case_id', 'desc').limit(limit).select('*')) as Row[]).map(caseOf);
    },

    async due(region, by, limit) {
      const rows = await knex('casework_case')
        .where(ofEither(region))
        .where('due_date', '<=', by)
        .orderBy(['due_date', 'case_id'])
        .limit(limit)
        .select('*');
      return (rows as Row[]).map(caseOf);
    },

    change: (change) => inTransaction(knex, (transaction) => writeChange(transaction, change)),

    async material(materialId) {
      if (!canBeId(materialId)) return undefined;
      const [row] = await knex<Row>('casework_material').where('material_id', materialId).select('*');
      return row === undefined ? undefined : materialOf(row);
    },

    async recordLook({ lookId, materialId, seenBy, seenRegion, seenAtMs, why }) {
      await knex('casework_look').insert({
        look_id: lookId,
        material_id: materialId,
        seen_by: seenBy,
        seen_region: seenRegion,
        seen_at_ms: seenAtMs,
        why,
      });
    },

    async looks(materialId) {
      const rows = await knex('casework_look').where('material_id', materialId).orderBy('look_id').select('*');
      return (rows as Row[]).map(lookOf);
    },

    remind: (today) => remind(knex, today),

    counts: (fromMonth, toMonth) => countServices(knex, fromMonth, toMonth),
    keepCounts: () => keepServiceCounts(knex),

    async objectionsAgainstPatients(limit) {
      return (await rowsOf<Row>(knex, AGAINST_PATIENTS, [limit])).map(upheldOf);
    },

    ...contents(knex),
  };
}
