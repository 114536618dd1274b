import { applyChanges } from '../../core/adjudicate/accumulate.ts';
import type { AccountBalances, Accumulators } from '../../core/adjudicate/facts.ts';
import type { Verdict } from '../../core/adjudicate/verdict.ts';
import { invariant } from '../../core/invariant.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  OutboxMessage,
  PersonRecord,
  SettlementRow,
  SettlementStore,
  State,
  StoredSettlement,
  Writes,
} from '../ports.ts';
import { encodeDocument } from './document.ts';
import type { Provisional, StandInDesk, StandInLimit } from '../standin/ports.ts';
import { adviceOf, postingsFor, provisionalOf } from './entries.ts';
import { findAttempt } from './idempotency.ts';
import { billKeyOf, judgeBill, type BillCommand, type Refusal } from './judge-bill.ts';

/** What became of one bill. */
export type SettleOutcome =
  | {
      readonly kind: 'settled';
      readonly settlement: StoredSettlement;
      readonly verdict: Verdict;
      /** Of a settlement from a copy that the home fund could not be asked about. */
      readonly provisional: Provisional | undefined;
    }
  /** The same content came before: its answer again. */
  | { readonly kind: 'repeat'; readonly settlement: StoredSettlement; readonly reversed: boolean }
  /** Other content under the same key, or the bill is settled under another key. */
  | { readonly kind: 'conflict'; readonly settlement: StoredSettlement; readonly contentHash: string }
  | Refusal
  /** The copy is older than the home fund allows: it must be asked first. Nothing was written. */
  | { readonly kind: 'staleCopy'; readonly homeRegion: string }
  /** Beyond what the home fund allows while it cannot be asked. Nothing was written. */
  | {
      readonly kind: 'standInRefused';
      readonly limit: StandInLimit;
      readonly homeRegion: string;
      readonly amount: Fen;
    }
  /** A broken invariant in this bill; the others of its batch go on. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** What settling needs from outside. */
export interface SettleDeps {
  readonly store: SettlementStore;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Without one every copy is fresh enough. */
  readonly standIn?: StandInDesk | undefined;
}

interface PersonNow {
  readonly copiedAtMs?: number | undefined;
  readonly person: PersonRecord;
  accounts: AccountBalances;
  accumulators: Accumulators;
  readonly touchedBuckets: Set<string>;
  accountTouched: boolean;
}

function draw(person: PersonNow, current: Fen, carried: Fen): void {
  if (current === 0 && carried === 0) return;
  const { accounts } = person;
  person.accounts = { ...accounts, current: accounts.current - current, carried: accounts.carried - carried };
  person.accountTouched = true;
}

/** The state of a batch while its bills are worked off one after the other. */
class Batch {
  readonly settlements: StoredSettlement[] = [];
  readonly outbox: OutboxMessage[] = [];
  readonly postings: Writes['postings'][number][] = [];
  readonly provisionals: Provisional[] = [];
  readonly #state: State;
  readonly #persons = new Map<string, PersonNow>();
  readonly #attempts = new Map<string, StoredSettlement[]>();

  constructor(state: State) {
    this.#state = state;
  }

  get windowId(): number {
    return this.#state.windowId;
  }

  person(id: string): PersonNow | undefined {
    const known = this.#persons.get(id);
    if (known !== undefined) return known;
    const loaded = this.#state.persons.get(id);
    if (loaded === undefined) return undefined;
    const now: PersonNow = { ...loaded, touchedBuckets: new Set(), accountTouched: false };
    this.#persons.set(id, now);
    return now;
  }

  attempts(billKey: string): readonly StoredSettlement[] {
    return this.#attempts.get(billKey) ?? this.#state.attempts.get(billKey) ?? [];
  }

  add(
    billKey: string,
    settlement: StoredSettlement,
    postings: readonly Writes['postings'][number][],
    advice: OutboxMessage,
  ): void {
    this.#attempts.set(billKey, [...this.attempts(billKey), settlement]);
    this.settlements.push(settlement);
    this.postings.push(...postings);
    this.outbox.push(advice);
  }

  /** Moves accumulators and accounts on by what a bill used. */
  spend(personId: string, familyPayer: string | undefined, verdict: Verdict): void {
    const patient = this.person(personId);
    invariant(patient !== undefined, 'a judged bill has a patient');
    patient.accumulators = applyChanges(patient.accumulators, verdict.accumulators);
    for (const { bucket } of verdict.accumulators) patient.touchedBuckets.add(bucket);
    const { current, carried, family } = verdict.accounts;
    draw(patient, current, carried);
    const payer = familyPayer === undefined ? undefined : this.person(familyPayer);
    if (payer !== undefined) draw(payer, 0, family);
  }

  writes(): Writes {
    const touched = [...this.#persons.values()];
    return {
      settlements: this.settlements,
      postings: this.postings,
      outbox: this.outbox,
      provisionals: this.provisionals,
      accumulators: touched.flatMap(({ person, accumulators, touchedBuckets }) =>
        [...touchedBuckets].map((bucket) => ({ personId: person.id, bucket, amounts: accumulators[bucket] ?? {} })),
      ),
      accounts: touched
        .filter(({ accountTouched }) => accountTouched)
        .map(({ person, accounts }) => ({ personId: person.id, current: accounts.current, carried: accounts.carried })),
    };
  }
}

/**
 * Settles a batch of bills in one durable transaction. Each bill has its own outcome; what one bill uses, the next one of
 * the same person sees.
 *
 * @shape commands → outcomes in the same order
 * @rejects per bill: conflict, rejection, unknown person, day before birth
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY, UNIQUE_CONFLICT (all retryable; nothing of the batch was written)
 * @source design §7
 */
export async function settleBills(deps: SettleDeps, commands: readonly BillCommand[]): Promise<SettleOutcome[]> {
  const personIds = new Set<string>();
  const billKeys = new Set<string>();
  for (const { personId, familyPayer, institution, billNumber } of commands) {
    personIds.add(personId);
    if (familyPayer !== undefined) personIds.add(familyPayer);
    billKeys.add(billKeyOf(institution.id, billNumber));
  }
  const need = { personIds: [...personIds].sort(), billKeys: [...billKeys] };
  return deps.store.transact(need, (state) => {
    const batch = new Batch(state);
    const result = commands.map((command) => {
      try {
        return settleOne(deps, batch, command);
      } catch (error) {
        // Adjudication changes nothing in the batch before it has succeeded, so the others are sound.
        return { kind: 'failed', error } as const;
      }
    });
    return { writes: batch.writes(), result };
  });
}

function settleOne(deps: SettleDeps, batch: Batch, command: BillCommand): SettleOutcome {
  const key = billKeyOf(command.institution.id, command.billNumber);
  const attempts = batch.attempts(key);
  const found = findAttempt(attempts, command.requestKey, command.contentHash);
  if (found.kind === 'repeat') return { kind: 'repeat', settlement: found.settlement, reversed: found.reversed };
  if (found.kind === 'conflict') {
    return { kind: 'conflict', settlement: found.settlement, contentHash: command.contentHash };
  }

  const settledAtMs = deps.clock.now();
  const patient = batch.person(command.personId);
  const copiedAtMs = patient?.copiedAtMs ?? 0;
  if (patient !== undefined && command.standing === undefined) {
    const { homeRegion } = patient.person;
    if (deps.standIn?.isTooOld(homeRegion, copiedAtMs, settledAtMs) === true) return { kind: 'staleCopy', homeRegion };
  }
  const judged = judgeBill(command, (id) => batch.person(id), deps.rulebook(), settledAtMs);
  if (judged.kind !== 'judged') return judged;
  const { facts, person, verdict } = judged;
  const { familyPayer, standing } = command;
  const isProvisional = standing?.kind === 'standIn';
  if (isProvisional) {
    const amount = verdict.fundTotal + verdict.account;
    const limit = deps.standIn?.takeOn(person.homeRegion, copiedAtMs, amount, settledAtMs);
    if (limit !== undefined) return { kind: 'standInRefused', limit, homeRegion: person.homeRegion, amount };
  }
  const { bill, institution, accumulators, accounts } = facts;
  const document = encodeDocument({ bill, institution, person, familyPayer, accumulators, accounts, verdict });
  const row = rowOf(command, person, verdict, {
    settlementId: deps.newId(),
    attempt: found.attempt,
    windowId: batch.windowId,
    settledOn: facts.settledOn,
    settledAtMs,
  });
  const settlement = { row, document };
  const postings = postingsFor(row, verdict.accounts, familyPayer);
  batch.spend(person.id, familyPayer, verdict);
  batch.add(key, settlement, postings, adviceOf(row));
  const provisional = isProvisional ? provisionalOf(row, standing.reason, copiedAtMs) : undefined;
  if (provisional !== undefined) batch.provisionals.push(provisional);
  return { kind: 'settled', settlement, verdict, provisional };
}

function rowOf(
  command: BillCommand,
  person: PersonRecord,
  verdict: Verdict,
  when: Pick<SettlementRow, 'settlementId' | 'attempt' | 'windowId' | 'settledOn' | 'settledAtMs'>,
): SettlementRow {
  return {
    ...when,
    institutionId: command.institution.id,
    billNumber: command.billNumber,
    requestKey: command.requestKey,
    contentHash: command.contentHash,
    reverses: undefined,
    personId: person.id,
    homeRegion: person.homeRegion,
    treatmentRegion: command.institution.region,
    scheme: person.scheme,
    benefit: command.bill.kind,
    visitDate: command.bill.visitDate,
    total: verdict.total,
    fullSelfPay: verdict.fullSelfPay,
    overLimit: verdict.overLimit,
    firstSelfPay: verdict.firstSelfPay,
    eligible: verdict.eligible,
    funds: verdict.funds,
    fundTotal: verdict.fundTotal,
    personTotal: verdict.personTotal,
    account: verdict.account,
    cash: verdict.cash,
  };
}
