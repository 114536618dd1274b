import { isDeepStrictEqual } from 'node:util';
import { documentOf } from '../../src/app/settlement/read-settlement.ts';
import type { State } from '../../src/app/ports.ts';
import { applyChanges } from '../../src/core/adjudicate/accumulate.ts';
import type { AccountBalances, Accumulators } from '../../src/core/adjudicate/facts.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { CARRIED_FEN } from './bench-people.ts';
import { numberFrom, type BenchStore } from './bench-store.ts';

/** Persons with the most bills: where updates would be lost if any were. */
const PERSONS = 300;
/** Bills of one person this near to each other may have been in one batch, which raises an accumulator once. */
const ONE_BATCH_MS = 2_000;

interface Raises {
  readonly most: number;
  /** When all bills that can have been in one batch were. */
  readonly least: number;
}

/** Follows one person from bill to bill: each must have found exactly what the one before left. */
function followPerson({ persons, history }: State, personId: string, rulebook: Rulebook): Raises {
  const stored = persons.get(personId);
  if (stored === undefined) throw new Error(`person ${personId} is gone`);
  let accumulators: Accumulators = {};
  let accounts: AccountBalances = { current: 0, carried: CARRIED_FEN, family: 0 };
  const raises = { most: 0, least: 0 };
  const lastRaiseAt = new Map<string, number>();
  for (const settlement of history) {
    const { settlementId, settledAtMs } = settlement.row;
    const document = documentOf(settlement, rulebook);
    if (!isDeepStrictEqual([document.accumulators, document.accounts], [accumulators, accounts])) {
      throw new Error(`settlement ${settlementId} of ${personId} did not find what the one before it left`);
    }
    const { verdict } = document;
    accumulators = applyChanges(accumulators, verdict.accumulators);
    const { current, carried } = verdict.accounts;
    accounts = { ...accounts, current: accounts.current - current, carried: accounts.carried - carried };
    for (const bucket of new Set(verdict.accumulators.map((change) => change.bucket))) {
      raises.most += 1;
      if (settledAtMs - (lastRaiseAt.get(bucket) ?? 0) > ONE_BATCH_MS) raises.least += 1;
      lastRaiseAt.set(bucket, settledAtMs);
    }
  }
  if (!isDeepStrictEqual([stored.accumulators, stored.accounts], [accumulators, accounts])) {
    throw new Error(`what is stored of ${personId} is not what their last bill left`);
  }
  return raises;
}

/**
 * Proves on the persons with the most bills that no update of an accumulator or an account was lost, and on the sum of all
 * accounts that none was drawn twice or not at all.
 *
 * @returns what was looked at, in words
 * @throws Error naming the first bill or person that is wrong
 */
export async function checkChains(store: BenchStore, configDir: string, carriedBefore: number): Promise<string> {
  const drawn = carriedBefore - (await carriedNow(store));
  const paid = await numberFrom(store, 'SELECT SUM(account_fen) FROM settlement');
  if (drawn !== paid) throw new Error(`accounts fell by ${drawn} fen, settlements took ${paid} from them`);

  const config = loadConfig(configDir);
  if (!config.ok) throw new Error('the rules of the bench do not load');
  const { rulebook } = config.config.rules;
  const chosen = await store.rows(
    `SELECT person_id, COUNT(*) AS bills FROM settlement GROUP BY person_id ORDER BY bills DESC LIMIT ${PERSONS}`,
  );
  const raises = { most: 0, least: 0 };
  let bills = 0;
  const database = await openDatabase(store.options);
  try {
    for (const row of chosen) {
      const personId = row['person_id'] as string;
      const since = { personId, settlementId: '0' };
      const state = await database.settlementStore.read({ personIds: [personId], billKeys: [], historySince: since });
      bills += state.history.length;
      const { most, least } = followPerson(state, personId, rulebook);
      raises.most += most;
      raises.least += least;
    }
  } finally {
    await database.close();
  }
  const ids = chosen.map((row) => `'${String(row['person_id'])}'`).join(',');
  const counted = await numberFrom(store, `SELECT SUM(raises) FROM accumulator WHERE person_id IN (${ids || 'NULL'})`);
  const text = `${bills} bills of ${chosen.length} persons follow each other; their accumulators were raised ${counted} times`;
  if (counted < raises.least || counted > raises.most) {
    throw new Error(`the run is not valid: ${text}, not ${raises.least} to ${raises.most}`);
  }
  return `${text} (${raises.least} to ${raises.most} expected); accounts fell by ${drawn} fen, as settled`;
}

/** Fen in all accounts. */
export function carriedNow(store: BenchStore): Promise<number> {
  return numberFrom(store, 'SELECT SUM(current_fen + carried_fen) FROM account');
}
