import type { CopyStore } from '../../app/funds/ports.ts';
import type { PersonStore } from '../../app/ports.ts';
import { presentAccumulators } from '../../app/settlement/present-accumulators.ts';
import { formatFen } from '../../core/money/text.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { PersonCopyBody } from '../../http/schemas/persons.ts';
import { shanghaiDate, systemClock } from '../../platform/clock.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { FundMembers } from '../../simulators/fund-members.ts';

/** What enrolling reads: the persons of a county with all that moves. */
interface EnrolDeps {
  readonly persons: Pick<PersonStore, 'find'>;
  readonly copies: Pick<CopyStore, 'feed' | 'personIds'>;
  readonly rulebook: Rulebook;
}

const PERSONS_AT_ONCE = 200;

async function copyOf(
  { persons, rulebook }: EnrolDeps,
  id: string,
  contains: NonNullable<PersonCopyBody['balances']>['contains'],
): Promise<PersonCopyBody[]> {
  const state = await persons.find(id);
  if (state === undefined) return [];
  const { id: personId, homeRegion: _homeRegion, ...facts } = state.person;
  const { buckets } = presentAccumulators(state, rulebook, shanghaiDate(systemClock.now()));
  const copy = {
    ...facts,
    personId,
    asOf: shanghaiInstant(systemClock.now()),
    balances: {
      contains,
      accounts: { current: formatFen(state.accounts.current), carried: formatFen(state.accounts.carried) },
      accumulators: buckets.flatMap(({ bucket, accumulators }) =>
        accumulators.map(({ name, value }) => ({ bucket, name, value })),
      ),
    },
  };
  // As it would come over the wire: without members that say nothing.
  return [JSON.parse(JSON.stringify(copy)) as PersonCopyBody];
}

/**
 * Tells a simulated fund who is insured with it and how they stand: it remembers nothing from one start of the demo to the
 * next. What it hears later that is in these balances already it counts as contained.
 */
export async function enrolMembers(deps: EnrolDeps, region: string, members: FundMembers): Promise<void> {
  let after = '';
  for (;;) {
    const ids = await deps.copies.personIds(region, after, PERSONS_AT_ONCE);
    const since = new Map(ids.map((id) => [id, { sequence: 0, settlementId: '', of: [id] }]));
    const need = { region, personIds: ids, makes: false, facts: false, eventIds: [], sequences: [], since };
    const contains = await deps.copies.feed(need, ({ persons, settlements }) => {
      const latest = new Map<string, string>();
      for (const { row } of settlements.values()) {
        if (row.settlementId > (latest.get(row.personId) ?? '')) latest.set(row.personId, row.settlementId);
      }
      const result = new Map(
        ids.map((id) => {
          const lastAdvice = latest.get(id);
          const eventSequence = persons.get(id)?.position ?? 0;
          return [id, { eventSequence, ...(lastAdvice !== undefined && { lastAdvice }) }];
        }),
      );
      return { writes: { persons: [], accounts: [], accumulators: [], positions: [], events: [] }, result };
    });
    for (const id of ids) members.enrol(await copyOf(deps, id, contains.get(id) ?? { eventSequence: 0 }));
    after = ids.at(-1) ?? '';
    if (ids.length < PERSONS_AT_ONCE) return;
  }
}
