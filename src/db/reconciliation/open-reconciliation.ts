import type { Knex } from 'knex';
import type {
  AdjustmentSink,
  DifferenceStore,
  MatchStore,
  RunStore,
  TotalsStore,
} from '../../app/reconciliation/ports.ts';
import { ourError, withOurErrors } from '../engine/driver-errors.ts';
import { createMysqlAppend, createSqliteAppend } from './append-lines.ts';
import { createAdjustmentSink, createDifferenceStore } from './difference-store.ts';
import { createMatchStore } from './match-store.ts';
import { createRunStore } from './run-store.ts';
import { createTotalsStore } from './totals-store.ts';
import { isMysql } from '../engine/is-mysql.ts';

/** All that reconciliation keeps in a database. */
export interface Reconciliation {
  readonly runs: RunStore;
  readonly matches: MatchStore;
  readonly differences: DifferenceStore;
  readonly adjustments: AdjustmentSink;
  readonly totals: TotalsStore;
}

async function* withOurErrorsInside<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    throw ourError(error);
  }
}

/** The stores of reconciliation on either engine. */
export function openReconciliation(knex: Knex): Reconciliation {
  const matches = createMatchStore(knex);
  return {
    runs: withOurErrors(createRunStore(knex, isMysql(knex) ? createMysqlAppend(knex) : createSqliteAppend(knex))),
    matches: {
      ...withOurErrors(matches),
      // These hand over page by page: a failure comes with a page, not with the call.
      stretches: (windowId, rows) => withOurErrorsInside(matches.stretches(windowId, rows)),
      differing: (run, stretch) => withOurErrorsInside(matches.differing(run, stretch)),
    },
    differences: withOurErrors(createDifferenceStore(knex)),
    adjustments: withOurErrors(createAdjustmentSink(knex)),
    totals: withOurErrors(createTotalsStore(knex)),
  };
}
