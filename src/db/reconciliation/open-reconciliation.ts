import type { Knex } from 'knex';
import type {
  AdjustmentSink,
  CompareStore,
  DifferenceStore,
  MatchStore,
  RunStore,
  TotalsStore,
} from '../../app/reconciliation/ports.ts';
import { ourError, withOurErrors } from '../engine/driver-errors.ts';
import { createCompareStore } from './compare-store.ts';
import { createAdjustmentSink, createDifferenceStore } from './difference-store.ts';
import { createMatchStore } from './match-store.ts';
import { createRunStore } from './run-store.ts';
import { createTotalsStore } from './totals-store.ts';

/** All that reconciliation keeps in a database. */
export interface Reconciliation {
  readonly runs: RunStore;
  readonly comparisons: CompareStore;
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
  const comparisons = createCompareStore(knex);
  const matches = createMatchStore(knex);
  // Some hand over page by page: a failure comes with a page, not with the call.
  return {
    runs: withOurErrors(createRunStore(knex)),
    comparisons: {
      ...withOurErrors(comparisons),
      ours: (source, windowId, parties) => withOurErrorsInside(comparisons.ours(source, windowId, parties)),
      stored: (runId) => withOurErrorsInside(comparisons.stored(runId)),
    },
    matches: { ...withOurErrors(matches), unmatched: (run) => withOurErrorsInside(matches.unmatched(run)) },
    differences: withOurErrors(createDifferenceStore(knex)),
    adjustments: withOurErrors(createAdjustmentSink(knex)),
    totals: withOurErrors(createTotalsStore(knex)),
  };
}
