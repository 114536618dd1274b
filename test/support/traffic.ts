import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredSettlement } from '../../src/app/ports.ts';
import {
  reverseSettlement,
  type ReverseCommand,
  type ReverseDeps,
  type ReverseOutcome,
} from '../../src/app/settlement/reverse-settlement.ts';
import { settleBills, type SettleOutcome } from '../../src/app/settlement/settle-bills.ts';
import type { BillCommand } from '../../src/app/settlement/judge-bill.ts';
import { compileCasePolicy } from '../../src/config/case-rulebook.ts';
import { createRulebook } from '../../src/config/rulebook.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import type { Database } from '../../src/db/open-database.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { createCoalescer } from '../../src/platform/coalescer.ts';
import { AppError } from '../../src/platform/errors.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import type { Chance } from '../../src/simulators/chance.ts';
import { smallCommand } from './bills.ts';
import { samplePerson } from './settlement-samples.ts';
import { SMALL_ITEM } from './small-rules.ts';

export const COUNTIES = ['310118', '320509', '330421'] as const;

/** No deductible and no cap: no bill depends on an earlier one, so that any of them can be reversed at any time. */
const POLICY = `
benefits:
  outpatient:
    bands: { measure: gross, ratio: 0.80 }
accounts:
  - { purse: carried, benefits: [outpatient], pays: [coinsurance], source: test, provenance: illustrative }
`;

function trafficRulebook(): Rulebook {
  const policies = COUNTIES.map((region) => {
    const yaml = parseYaml('policy', `region: "${region}"\n${POLICY}`);
    const policy = compileCasePolicy(yaml.tree as object, yaml.errors);
    if (policy === undefined || yaml.errors.found.length > 0) throw new Error(JSON.stringify(yaml.errors.found));
    return policy;
  });
  const items = new Map([[SMALL_ITEM.code, SMALL_ITEM]]);
  const catalogues = COUNTIES.map((region) => ({
    hash: `small ${region}`,
    region,
    from: '1900-01-01',
    to: undefined,
    items,
  }));
  return createRulebook({ policies, catalogues, regions: { regions: [], zones: [], pairs: [] } });
}

/** What counters did, as they were answered. */
export interface Traffic {
  /** Everything that was answered, settlements and reversals, once each. */
  readonly answered: ReadonlyMap<string, StoredSettlement>;
  /** Settles a new bill; asks again while the database is away, as a hospital does. */
  settle(chance: Chance): Promise<StoredSettlement>;
  /** Reverses one of the bills that stand; nothing when none does. */
  reverse(chance: Chance): Promise<StoredSettlement | undefined>;
  /** Reverses a bill that somebody else names, as often as it is asked for. */
  undo(command: ReverseCommand): Promise<ReverseOutcome>;
}

const ASK_AGAIN_MS = 20;

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}

/** Persons of three counties, with something in their accounts. */
export async function admitPersons(database: Database, count: number): Promise<string[]> {
  const persons = Array.from({ length: count }, (_, index) =>
    samplePerson(`t${String(index).padStart(5, '0')}`, { homeRegion: COUNTIES[index % 3]! }),
  );
  await database.personStore.importPersons(persons);
  return persons.map(({ person }) => person.id);
}

/** Counters in three counties that settle and reverse through the real write path, batches and all. */
export function startTraffic(database: Database, persons: readonly string[], clock: Clock): Traffic {
  const { settlementStore: store, settlementQueries: queries } = database;
  const rulebook = trafficRulebook();
  // Ids follow the machine's clock, the business day the clock of the test: windows must not care.
  const newId = createIdSource(() => Date.now());
  const deps: ReverseDeps = { store, queries, rulebook: () => rulebook, clock, newId };
  const settling = createCoalescer({
    lanes: 2,
    batchMax: 32,
    queueMax: 10_000,
    run: (batch: readonly BillCommand[]): Promise<SettleOutcome[]> => settleBills(deps, batch),
  });
  const answered = new Map<string, StoredSettlement>();
  const standing: StoredSettlement[] = [];
  let bills = 0;
  const undo = async (command: ReverseCommand): Promise<ReverseOutcome> => {
    const outcome = await reverseSettlement(deps, command);
    if (outcome.kind !== 'dependents') answered.set(outcome.reversal.row.settlementId, outcome.reversal);
    return outcome;
  };

  return {
    answered,
    async settle(chance) {
      bills += 1;
      const region = chance.pick(COUNTIES);
      const command = smallCommand(`T-${bills}`, chance.pick(persons), chance.between(100, 50_000), {
        institution: { id: `H${region}${chance.between(10_000, 10_004)}`, region, level: 3, groups: [] },
      });
      const outcome = await untilAnswered(() => settling.submit(command));
      if (outcome.kind !== 'settled' && outcome.kind !== 'repeat') {
        throw new Error(`a bill was not settled: ${JSON.stringify(outcome)}`);
      }
      answered.set(outcome.settlement.row.settlementId, outcome.settlement);
      standing.push(outcome.settlement);
      return outcome.settlement;
    },
    async reverse(chance) {
      if (standing.length === 0) return undefined;
      const [original] = standing.splice(chance.below(standing.length), 1);
      const { institutionId, settlementId } = original!.row;
      const command = { institutionId, settlementId, reason: 'entered twice' };
      const outcome = await untilAnswered(() => undo(command));
      // A conflict: reconciliation has reversed it for another reason.
      if (outcome.kind === 'dependents') throw new Error('a bill was not reversed: others depend on it');
      return outcome.reversal;
    },
    undo,
  };
}
