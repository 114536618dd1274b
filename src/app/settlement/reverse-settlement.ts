import { hash } from 'node:crypto';
import { revertChanges } from '../../core/adjudicate/accumulate.ts';
import type { Fen } from '../../core/money/fen.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { PersonState, SettlementQueries, SettlementRow, State, StoredSettlement, Writes } from '../ports.ts';
import { decodeDocument, type ReversalDocument, type SettlementDocument } from './document.ts';
import { adviceOf, postingsFor } from './entries.ts';
import { findDependents, type Dependent } from './find-dependents.ts';
import { billKeyOf } from './judge-bill.ts';
import type { SettleDeps } from './settle-bills.ts';

/** A wish to undo a settlement. */
export interface ReverseCommand {
  /** Only the institution that posted the bill may reverse it. */
  readonly institutionId: string;
  readonly settlementId: string;
  readonly reason: string;
}

/** What became of it. */
export type ReverseOutcome =
  | { readonly kind: 'reversed'; readonly reversal: StoredSettlement; readonly original: StoredSettlement }
  | { readonly kind: 'repeat'; readonly reversal: StoredSettlement; readonly original: StoredSettlement }
  | { readonly kind: 'conflict'; readonly reversal: StoredSettlement; readonly contentHash: string }
  /** Later bills of the same person used what this one left; each with what it would become. */
  | { readonly kind: 'dependents'; readonly dependents: readonly Dependent[] };

/** What reversing needs from outside. */
export interface ReverseDeps extends SettleDeps {
  readonly queries: Pick<SettlementQueries, 'byId'>;
}

/**
 * Reverses a settlement whole: exact negatives linked to the original, in the window that is open now, and accumulators
 * and accounts as if it had not been.
 *
 * @shape command → outcome
 * @rejects later bills that would come out differently without this one; a second reversal for another reason
 * @throws AppError NOT_FOUND (also for another institution's bill), NOT_REVERSIBLE, ACCUMULATORS_OUT_OF_STEP (the fund has
 *   fed accumulators without this bill), and what SettlementStore.transact throws
 * @source design §7; policy-facts B.8 (whole-bill reversal), C.3.6
 */
export async function reverseSettlement(deps: ReverseDeps, command: ReverseCommand): Promise<ReverseOutcome> {
  const original = await deps.queries.byId(command.settlementId);
  if (original === undefined || original.row.institutionId !== command.institutionId) {
    throw notFound('settlement');
  }
  if (original.row.reverses !== undefined) {
    throw new AppError('NOT_REVERSIBLE', 'a reversal cannot be reversed', {
      status: 409,
      help: 'settle the bill again under a new request key',
    });
  }
  const document = decodeDocument(original.document, deps.rulebook());
  const { personId, institutionId, billNumber, settlementId } = original.row;
  const key = billKeyOf(institutionId, billNumber);
  const need = {
    personIds: [personId, ...(document.familyPayer === undefined ? [] : [document.familyPayer])].sort(),
    billKeys: [key],
    historySince: { personId, settlementId },
  };
  return deps.store.transact(need, (state) => decide(deps, command, original, document, state, key));
}

const NOTHING: Writes = { settlements: [], postings: [], accumulators: [], accounts: [], outbox: [] };

function decide(
  deps: ReverseDeps,
  command: ReverseCommand,
  original: StoredSettlement,
  document: SettlementDocument,
  state: State,
  key: string,
): { writes: Writes; result: ReverseOutcome } {
  const contentHash = hash('sha256', JSON.stringify([command.settlementId, command.reason]));
  const reversal = state.attempts.get(key)?.find(({ row }) => row.attempt === -original.row.attempt);
  if (reversal !== undefined) {
    if (reversal.row.contentHash !== contentHash) {
      return { writes: NOTHING, result: { kind: 'conflict', reversal, contentHash } };
    }
    return { writes: NOTHING, result: { kind: 'repeat', reversal, original } };
  }
  const accumulators = state.persons.get(original.row.personId)?.accumulators ?? {};
  const dependents = findDependents(original, document, state.history, accumulators, deps.rulebook());
  if (dependents.length > 0) return { writes: NOTHING, result: { kind: 'dependents', dependents } };

  // Never before what it undoes, also when another process's clock was ahead: home funds are told in this order.
  const atMs = Math.max(deps.clock.now(), original.row.settledAtMs + 1);
  const row: SettlementRow = {
    ...negated(original.row),
    settlementId: deps.newId(),
    attempt: -original.row.attempt,
    requestKey: '',
    contentHash,
    reverses: original.row.settlementId,
    windowId: state.windowId,
    settledOn: shanghaiDate(atMs),
    settledAtMs: atMs,
  };
  const body: ReversalDocument = { reverses: original.row.settlementId, reason: command.reason };
  const made = { row, document: JSON.stringify(body) };
  const { current, carried, family } = document.verdict.accounts;
  const purses = { current: negative(current), carried: negative(carried), family: negative(family) };
  const writes: Writes = {
    settlements: [made],
    postings: postingsFor(row, purses, document.familyPayer),
    outbox: [adviceOf(row)],
    ...restored(original.row.personId, document, state),
  };
  return { writes, result: { kind: 'reversed', reversal: made, original } };
}

/** −x without a negative zero. */
function negative(amount: Fen): Fen {
  return amount === 0 ? 0 : -amount;
}

/** The exact negative of every amount. */
export function negated(row: SettlementRow): SettlementRow {
  return {
    ...row,
    total: negative(row.total),
    fullSelfPay: negative(row.fullSelfPay),
    overLimit: negative(row.overLimit),
    firstSelfPay: negative(row.firstSelfPay),
    eligible: negative(row.eligible),
    funds: {
      pool: negative(row.funds.pool),
      largeCost: negative(row.funds.largeCost),
      seriousIllness: negative(row.funds.seriousIllness),
      civilServant: negative(row.funds.civilServant),
      medicalAid: negative(row.funds.medicalAid),
    },
    fundTotal: negative(row.fundTotal),
    personTotal: negative(row.personTotal),
    account: negative(row.account),
    cash: negative(row.cash),
  };
}

function restored(
  personId: string,
  { verdict, familyPayer }: SettlementDocument,
  { persons }: State,
): Pick<Writes, 'accumulators' | 'accounts'> {
  const patient = persons.get(personId);
  if (patient === undefined) throw notFound('person');
  const after = revertChanges(patient.accumulators, verdict.accumulators);
  const isBelowNothing = Object.values(after).some((names) => Object.values(names).some((amount) => amount < 0));
  if (isBelowNothing) {
    throw new AppError('ACCUMULATORS_OUT_OF_STEP', "the home fund's accumulators do not hold this bill any more", {
      status: 409,
      help: 'ask the home fund to send the accumulators of this person again, with this bill in them',
    });
  }
  const buckets = [...new Set(verdict.accumulators.map(({ bucket }) => bucket))];
  const { current, carried, family } = verdict.accounts;
  const accounts: Writes['accounts'][number][] = [];
  if (current !== 0 || carried !== 0) accounts.push(refunded(patient, current, carried));
  const payer = familyPayer === undefined ? undefined : persons.get(familyPayer);
  if (payer !== undefined && family !== 0) accounts.push(refunded(payer, 0, family));
  return { accumulators: buckets.map((bucket) => ({ personId, bucket, amounts: after[bucket] ?? {} })), accounts };
}

function refunded({ person, accounts }: PersonState, current: Fen, carried: Fen): Writes['accounts'][number] {
  return { personId: person.id, current: accounts.current + current, carried: accounts.carried + carried };
}
