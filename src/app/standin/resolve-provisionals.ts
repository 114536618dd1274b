import { AppError } from '../../platform/errors.ts';
import { PERSON_NOT_TAKEN } from '../funds/pull-feeds.ts';
import { caseOf, rejectedCase } from './hand-over-rejected.ts';
import type { CaseOpener, CaseToOpen, FreshLook, FundTerms, Provisional, ProvisionalStore } from './ports.ts';
import { rejectionText, resolveProvisional, type ResolveDeps, type Resolved } from './resolve-provisional.ts';

/** What resolving a fund's provisional settlements needs from outside. */
export interface ResolvingDeps extends ResolveDeps {
  readonly provisionals: Pick<ProvisionalStore, 'open' | 'resolve'>;
  readonly freshLook: FreshLook;
  readonly terms: (region: string) => FundTerms | undefined;
  readonly cases: CaseOpener;
  /** How long an answer is waited for; nobody stands at a counter. */
  readonly deadlineMs?: number;
  /** Told of every correction, to show it where somebody looks. */
  readonly onCorrected?: (corrected: Extract<Resolved, { kind: 'corrected' }>) => void;
}

/** What one round came to. */
export interface ResolvingRound {
  readonly resolved: number;
  readonly more: boolean;
  /** The fund cannot be asked now: the round was broken off. */
  readonly partnerDown: boolean;
}

const ROUND_MAX = 200;
const DEADLINE_MS = 5000;
const PERSONS_AT_ONCE = 4;

/**
 * Asks a fund about every provisional settlement of its people, in order per person, and confirms or corrects them. What a
 * fund gives no answer to within its own term is handed over as a case, as is what cannot be corrected by itself.
 *
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY (retryable)
 * @source design §8
 */
export async function resolveProvisionals(
  deps: ResolvingDeps,
  region: string,
  signal?: AbortSignal,
): Promise<ResolvingRound> {
  const open = await deps.provisionals.open(region, ROUND_MAX);
  const persons = [...Map.groupBy(open, ({ personId }) => personId).values()];
  let [resolved, partnerDown, next] = [0, false, 0];

  async function work(): Promise<void> {
    while (!partnerDown && signal?.aborted !== true) {
      const own = persons[next++];
      if (own === undefined) return;
      const answer = await lookAt(deps, region, own);
      if (answer === 'none') {
        partnerDown = true;
        return;
      }
      const isUsable = answer !== 'unusable';
      const done = await (isUsable ? resolvePerson(deps, own, answer) : expire(deps, region, own));
      // Not in one expression: the sum would be read before the wait, and what others added meanwhile would be lost.
      resolved += done;
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: PERSONS_AT_ONCE }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  if (partnerDown) resolved += await expire(deps, region, open);
  return { resolved, more: open.length === ROUND_MAX && resolved > 0, partnerDown };
}

/** `unusable`: there is an answer, but what it says of this person cannot be so; the fund can still be asked about others. */
type Answer = 'known' | 'unknown' | 'unusable' | 'none';

async function lookAt(
  { freshLook, deadlineMs = DEADLINE_MS }: ResolvingDeps,
  region: string,
  own: readonly Provisional[],
): Promise<Answer> {
  const [first] = own;
  if (first === undefined) return 'unknown';
  try {
    return (await freshLook.refresh(region, first.personId, deadlineMs)) ? 'known' : 'unknown';
  } catch (error) {
    if (!(error instanceof AppError) || error.code.startsWith('DATABASE_')) throw error;
    if (error.code === PERSON_NOT_TAKEN) return 'unusable';
    // A refusal is an answer: the fund will not speak about this person.
    return error.retryable ? 'none' : 'unknown';
  }
}

async function resolvePerson(
  deps: ResolvingDeps,
  own: readonly Provisional[],
  answer: 'known' | 'unknown',
): Promise<number> {
  const openIds = new Set(own.map(({ settlementId }) => settlementId));
  let resolved = 0;
  for (const provisional of own) {
    if (answer === 'unknown')
      await handOver(deps, provisional, 'expiredProvisional', 'the home fund does not answer for this person');
    else await resolveOne(deps, provisional, openIds);
    openIds.delete(provisional.settlementId);
    resolved += 1;
  }
  return resolved;
}

async function resolveOne(deps: ResolvingDeps, provisional: Provisional, openIds: ReadonlySet<string>): Promise<void> {
  const became = await resolveProvisional(deps, provisional, openIds);
  switch (became.kind) {
    case 'confirmed':
      return;
    case 'corrected': {
      deps.onCorrected?.(became);
      const { rejection, original, difference } = became;
      if (rejection !== undefined) {
        // Whoever dies here leaves it to handOverRejected.
        await deps.cases.open(rejectedCase(original.row, rejectionText(rejection), difference));
      }
      return;
    }
    case 'blocked':
      await handOver(deps, provisional, 'correctionBlocked', became.detail);
  }
}

/** The case is there before the settlement is out of sight: done half, it is done again. */
async function handOver(
  deps: ResolvingDeps,
  { settlementId }: Provisional,
  reason: CaseToOpen['reason'],
  detail: string,
): Promise<void> {
  const settlement = await deps.queries.byId(settlementId);
  if (settlement !== undefined) await deps.cases.open(caseOf(reason, settlement.row, detail));
  await deps.provisionals.resolve({ settlementId, state: 'expired', atMs: deps.clock.now() });
}

async function expire(deps: ResolvingDeps, region: string, open: readonly Provisional[]): Promise<number> {
  const termMs = deps.terms(region)?.confirmWithinMs;
  if (termMs === undefined) return 0;
  const late = open.filter(({ settledAtMs }) => deps.clock.now() - settledAtMs > termMs);
  for (const one of late)
    await handOver(deps, one, 'expiredProvisional', 'the home fund gave no answer of use in its term');
  return late.length;
}
