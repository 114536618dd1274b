import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import { applyChanges, revertChanges } from '../../core/adjudicate/accumulate.ts';
import type { Accumulators, Facts } from '../../core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../core/adjudicate/verdict.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PersonState, SettlementQueries, SettlementStore, State, StoredSettlement, Writes } from '../ports.ts';
import {
  decodeDocument,
  encodeDocument,
  type ReversalDocument,
  type SettlementDocument,
} from '../settlement/document.ts';
import { adviceOf, postingsFor } from '../settlement/entries.ts';
import { CORRECTION_KEY, liveAfter, sameShares } from '../settlement/find-dependents.ts';
import { billKeyOf } from '../settlement/judge-bill.ts';
import { negated } from '../settlement/reverse-settlement.ts';
import { rulesAsSettled } from '../settlement/rules-as-settled.ts';
import type { Provisional } from './ports.ts';

/** What working a provisional settlement out again needs from outside. */
export interface ResolveDeps {
  readonly store: Pick<SettlementStore, 'transact'>;
  readonly queries: Pick<SettlementQueries, 'byId'>;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What became of a provisional settlement once the home fund has answered. */
export type Resolved =
  /** It stands, or it was reversed meanwhile. */
  | { readonly kind: 'confirmed' }
  | {
      readonly kind: 'corrected';
      readonly original: StoredSettlement;
      readonly reversal: StoredSettlement;
      /** Undefined: by what the fund knows the bill would have been rejected, and the patient owes all of it. */
      readonly settlement: StoredSettlement | undefined;
      readonly difference: Fen;
      readonly rejection: Rejection | undefined;
    }
  /** It cannot be corrected without touching more than itself. Nothing was written. */
  | { readonly kind: 'blocked'; readonly original: StoredSettlement; readonly detail: string };

const NOTHING: Writes = { settlements: [], postings: [], accumulators: [], accounts: [], outbox: [] };

/**
 * Works a provisional settlement out again on what the home fund has said meanwhile. Is it the same, it is confirmed; is it
 * not, the settlement is reversed and made again in one transaction. The person's other open provisional settlements
 * are looked at after it, in order; a later settlement that was made properly and would come out differently blocks it.
 *
 * @shape provisional, ids of the person's other open ones → what became of it
 * @rejects blocked: later bills depend, the person moved, the fund's balances do not hold the bill
 * @throws AppError what SettlementStore.transact throws
 * @source design §8
 */
export async function resolveProvisional(
  deps: ResolveDeps,
  provisional: Provisional,
  openIds: ReadonlySet<string>,
): Promise<Resolved> {
  const original = await deps.queries.byId(provisional.settlementId);
  if (original === undefined) return { kind: 'confirmed' };
  const rulebook = deps.rulebook();
  const document = decodeDocument(original.document, rulebook);
  const { personId, institutionId, billNumber, settlementId } = original.row;
  const key = billKeyOf(institutionId, billNumber);
  const payers = document.familyPayer === undefined ? [] : [document.familyPayer];
  const need = {
    personIds: [personId, ...payers].sort(),
    billKeys: [key],
    historySince: { personId, settlementId },
  };
  return deps.store.transact(need, (state) => {
    const attempts = state.attempts.get(key) ?? [];
    const isReversed = attempts.some(({ row }) => row.attempt === -original.row.attempt);
    if (isReversed) return confirm(deps, provisional);
    return decide(deps, { provisional, original, document, openIds }, state);
  });
}

interface Case {
  readonly provisional: Provisional;
  readonly original: StoredSettlement;
  readonly document: SettlementDocument;
  readonly openIds: ReadonlySet<string>;
}

type Decision = { readonly writes: Writes; readonly result: Resolved };

function confirm({ clock }: ResolveDeps, provisional: Provisional): Decision {
  const confirmed: Provisional = { ...provisional, state: 'confirmed', resolvedAtMs: clock.now() };
  return { writes: { ...NOTHING, provisionals: [confirmed] }, result: { kind: 'confirmed' } };
}

function decide(deps: ResolveDeps, about: Case, state: State): Decision {
  const { original, document } = about;
  const blocked = (detail: string): Decision => ({ writes: NOTHING, result: { kind: 'blocked', original, detail } });
  const patient = state.persons.get(original.row.personId);
  if (patient === undefined) return blocked('the person is not known any more');
  if (patient.person.homeRegion !== original.row.homeRegion) return blocked('the person is insured elsewhere by now');
  const rulebook = deps.rulebook();
  const later = laterThan(original, state.history, rulebook);
  let before = patient.accumulators;
  for (const bill of later) before = revertChanges(before, bill.document.verdict.accumulators);
  before = revertChanges(before, document.verdict.accumulators);
  if (isBelowNothing(before)) return blocked("the home fund's accumulators do not hold this bill");

  const isSameScheme = patient.person.scheme === original.row.scheme;
  const rules = isSameScheme ? rulesAsSettled(document.verdict, rulebook) : rulebook;
  const facts = factsOf(about, patient, state, before);
  const verdict = adjudicate(facts, rules);
  if (sameShares(verdict, document.verdict)) return confirm(deps, about.provisional);
  const changes = verdict.kind === 'verdict' ? verdict.accumulators : [];
  const first = firstThatDepends(later, about, before, changes, rulebook);
  if (first !== undefined) return blocked(`the later settlement ${first} would come out differently`);
  return correct(deps, about, state, { patient, facts, verdict });
}

interface Later {
  readonly settlement: StoredSettlement;
  readonly document: SettlementDocument;
}

function laterThan(original: StoredSettlement, history: readonly StoredSettlement[], rulebook: Rulebook): Later[] {
  return liveAfter(original, history).map((settlement) => ({
    settlement,
    document: decodeDocument(settlement.document, rulebook),
  }));
}

function isBelowNothing(accumulators: Accumulators): boolean {
  return Object.values(accumulators).some((names) => Object.values(names).some((amount) => amount < 0));
}

/** The bill as it would be found now, with what it took itself put back. */
function factsOf({ original, document }: Case, patient: PersonState, state: State, before: Accumulators): Facts {
  const { current, carried, family } = document.verdict.accounts;
  const payer = document.familyPayer === undefined ? undefined : state.persons.get(document.familyPayer);
  const { bill, institution } = document;
  return {
    bill,
    institution,
    person: patient.person,
    settledOn: original.row.settledOn,
    accumulators: before,
    accounts: {
      current: patient.accounts.current + current,
      carried: patient.accounts.carried + carried,
      family: payer === undefined ? 0 : payer.accounts.carried + family,
    },
  };
}

/** The first later bill, other than those still to be resolved, that a correction would change. */
function firstThatDepends(
  later: readonly Later[],
  { document: own, openIds }: Case,
  before: Accumulators,
  changes: Verdict['accumulators'],
  rulebook: Rulebook,
): string | undefined {
  let kept = applyChanges(before, own.verdict.accumulators);
  let corrected = applyChanges(before, changes);
  for (const { settlement, document } of later) {
    const { bill, institution, person, accounts, verdict } = document;
    const facts = { bill, institution, person, accounts, settledOn: settlement.row.settledOn };
    const rules = rulesAsSettled(verdict, rulebook);
    const asItWas = adjudicate({ ...facts, accumulators: kept }, rules);
    const asItWould = adjudicate({ ...facts, accumulators: corrected }, rules);
    const isOpen = openIds.has(settlement.row.settlementId);
    if (!isOpen && !sameShares(asItWas, asItWould)) return settlement.row.settlementId;
    kept = applyChanges(kept, verdict.accumulators);
    corrected = applyChanges(corrected, verdict.accumulators);
  }
  return undefined;
}

interface Again {
  readonly patient: PersonState;
  readonly facts: Facts;
  readonly verdict: Verdict | Rejection;
}

function correct(deps: ResolveDeps, about: Case, state: State, { patient, facts, verdict }: Again): Decision {
  const { original, document, provisional } = about;
  const { row } = original;
  const atMs = Math.max(deps.clock.now(), row.settledAtMs + 1);
  const again = verdict.kind === 'verdict' ? verdict : undefined;
  const rejection = verdict.kind === 'rejection' ? verdict : undefined;
  const reversal = reversalOf(deps, original, { windowId: state.windowId, atMs, rejection });
  const settlement = again && {
    row: {
      ...row,
      settlementId: deps.newId(),
      attempt: row.attempt + 1,
      requestKey: CORRECTION_KEY + row.settlementId,
      scheme: patient.person.scheme,
      windowId: state.windowId,
      settledAtMs: atMs,
      ...amountsOf(again),
    },
    document: encodeDocument({ ...document, ...facts, person: patient.person, verdict: again }),
  };
  const [old, now] = [document.verdict.accounts, again?.accounts ?? { current: 0, carried: 0, family: 0 }];
  const back = { current: -old.current, carried: -old.carried, family: -old.family };
  const written = settlement === undefined ? [reversal] : [reversal, settlement];
  // A bill that is rejected is paid by nobody but the patient.
  const difference = (again?.cash ?? row.total) - row.cash;
  const resolved: Provisional = {
    ...provisional,
    state: 'corrected',
    resolvedAtMs: atMs,
    correctedBy: settlement?.row.settlementId,
    difference,
  };
  const after = applyChanges(
    revertChanges(patient.accumulators, document.verdict.accumulators),
    again?.accumulators ?? [],
  );
  const buckets = new Set(
    [...document.verdict.accumulators, ...(again?.accumulators ?? [])].map(({ bucket }) => bucket),
  );
  const writes: Writes = {
    settlements: written,
    postings: [
      ...postingsFor(reversal.row, positiveZeros(back), document.familyPayer),
      ...(settlement === undefined ? [] : postingsFor(settlement.row, now, document.familyPayer)),
    ],
    outbox: written.map((one) => adviceOf(one.row)),
    accumulators: [...buckets].map((bucket) => ({
      personId: row.personId,
      bucket,
      amounts: after[bucket] ?? {},
    })),
    accounts: accountsAfter(about, patient, state, old, now),
    provisionals: [resolved],
  };
  return { writes, result: { kind: 'corrected', original, reversal, settlement, difference, rejection } };
}

function positiveZeros(purses: Verdict['accounts']): Verdict['accounts'] {
  return { current: purses.current + 0, carried: purses.carried + 0, family: purses.family + 0 };
}

function amountsOf(verdict: Verdict) {
  const { total, fullSelfPay, overLimit, firstSelfPay, eligible, funds, fundTotal, personTotal, account, cash } =
    verdict;
  return { total, fullSelfPay, overLimit, firstSelfPay, eligible, funds, fundTotal, personTotal, account, cash };
}

/** A rejection in words for people. */
export function rejectionText({ code, detail }: Rejection): string {
  return `${code}: ${detail}`;
}

function reversalOf(
  { newId }: ResolveDeps,
  { row }: StoredSettlement,
  { windowId, atMs, rejection }: { windowId: number; atMs: number; rejection: Rejection | undefined },
): StoredSettlement {
  const body: ReversalDocument = {
    reverses: row.settlementId,
    reason: 'corrected by what the home fund says',
    // Its case says so, also when it is opened by somebody who was not there.
    ...(rejection !== undefined && { rejection: rejectionText(rejection) }),
  };
  return {
    row: {
      ...negated(row),
      settlementId: newId(),
      attempt: -row.attempt,
      requestKey: '',
      reverses: row.settlementId,
      windowId,
      settledAtMs: atMs,
    },
    document: JSON.stringify(body),
  };
}

function accountsAfter(
  { document }: Case,
  { person, accounts }: PersonState,
  { persons }: State,
  old: Verdict['accounts'],
  now: Verdict['accounts'],
): Writes['accounts'] {
  const changed: Writes['accounts'][number][] = [];
  const own = { current: old.current - now.current, carried: old.carried - now.carried };
  if (own.current !== 0 || own.carried !== 0) {
    const after = { current: accounts.current + own.current, carried: accounts.carried + own.carried };
    changed.push({ personId: person.id, ...after });
  }
  const payer = document.familyPayer === undefined ? undefined : persons.get(document.familyPayer);
  if (payer !== undefined && old.family !== now.family) {
    const carried = payer.accounts.carried + old.family - now.family;
    changed.push({ personId: payer.person.id, current: payer.accounts.current, carried });
  }
  return changed;
}
