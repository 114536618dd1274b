import type { Knex } from 'knex';
import type { JobRun, JobRunState, JobRunStore } from '../../app/jobs/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { canBeId } from '../engine/sql-text.ts';
import type { Row } from '../engine/raw-rows.ts';

function jobRunOf(record: Row): JobRun {
  const text = (value: unknown): string | undefined => (value as string | null) ?? undefined;
  const number = (value: unknown): number | undefined => (value === null ? undefined : exactInteger(value));
  return {
    runId: record.run_id as string,
    name: record.name as string,
    holder: record.holder as string,
    token: exactInteger(record.token),
    state: record.state as JobRunState,
    startedAtMs: exactInteger(record.started_at_ms),
    reportedAtMs: exactInteger(record.reported_at_ms),
    endedAtMs: number(record.ended_at_ms),
    businessDate: text(record.business_date),
    step: text(record.step),
    done: number(record.items_done),
    total: number(record.items_of),
    outcome: text(record.outcome),
  };
}

export function createJobRunStore(knex: Knex): JobRunStore {
  return {
    async begin({ runId, name, holder, token, startedAtMs }) {
      await inTransaction(knex, async (transaction) => {
        // Under its lease it is alone: whoever else is said to be running is dead, or does not know yet that it lost.
        await transaction('job_run')
          .where({ name, state: 'running' })
          .where('token', '<', token)
          .update({ state: 'interrupted', ended_at_ms: startedAtMs });
        const row = { run_id: runId, name, holder, token, state: 'running' };
        await transaction('job_run').insert({ ...row, started_at_ms: startedAtMs, reported_at_ms: startedAtMs });
      });
    },

    async report(runId, { step = null, businessDate = null, done = null, total = null }, atMs) {
      await knex('job_run')
        .where({ run_id: runId, state: 'running' })
        .update({ step, business_date: businessDate, items_done: done, items_of: total, reported_at_ms: atMs });
    },

    async end(runId, state, outcome, atMs) {
      const ending = { state, outcome, reported_at_ms: atMs, ended_at_ms: atMs };
      await knex('job_run').where({ run_id: runId, state: 'running' }).update(ending);
    },

    async find(runId) {
      if (!canBeId(runId)) return undefined;
      const [row] = await knex<Row>('job_run').where('run_id', runId).select('*');
      return row === undefined ? undefined : jobRunOf(row);
    },

    async latest(limit) {
      const rows = await knex('job_run').orderBy('run_id', 'desc').limit(limit).select('*');
      return (rows as Row[]).map(jobRunOf);
    },
  };
}
