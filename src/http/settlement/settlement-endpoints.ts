import type { Institution, Principal, StoredSettlement } from '../../app/ports.ts';
import { presentQuote, presentReversal, presentSettlement } from '../../app/settlement/answer.ts';
import type { Dependent } from '../../app/settlement/find-dependents.ts';
import type { BillCommand } from '../../app/settlement/judge-bill.ts';
import { maskBillNumber } from '../../app/settlement/masking.ts';
import { presentForCounter } from '../../app/settlement/present-counter.ts';
import { documentOf, readBill, readSettlement, type ReadSettlement } from '../../app/settlement/read-settlement.ts';
import { receiveBill } from '../../app/settlement/receive-bill.ts';
import type { SettleOutcome } from '../../app/settlement/settle-bills.ts';
import { presentStatement } from '../../app/settlement/statement.ts';
import type { Provisional } from '../../app/standin/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError, invalidInput, notFound } from '../../platform/errors.ts';
import { billProblems } from './bill-problems.ts';
import type { HttpDeps } from '../deps.ts';
import { homeFundError, refusalError } from './refusals.ts';
import type { Call, Explain, Reply } from '../route.ts';
import type {
  BillRequest,
  QuoteAnswer,
  ReversalAnswer,
  ReversalRequest,
  SettlementAnswer,
  SettlementList,
  StatementAnswer,
} from '../schemas/bills.ts';

/**
 * The institution that a caller is.
 *
 * @throws AppError UNKNOWN_INSTITUTION when its key outlived it
 */
export function institutionOf({ findInstitution }: Pick<HttpDeps, 'findInstitution'>, { id }: Principal): Institution {
  const institution = findInstitution(id);
  if (institution !== undefined) return institution;
  throw new AppError('UNKNOWN_INSTITUTION', 'the institution of this key is not configured', { status: 403 });
}

/** Named on every bill, so that a key in the wrong system does not bill for another institution. */
export function wrongInstitution(): AppError {
  const problem = "is not the institution of the caller's key";
  return new AppError('WRONG_INSTITUTION', `institutionId ${problem}`, {
    status: 403,
    fields: [{ field: 'institutionId', problem }],
    help: 'send the bill with the key of the institution it names',
  });
}

/** Names what is wrong with a bill beyond its shape. */
export const explainBill: Explain = ({ findInstitution, clock }, caller, body, problems) =>
  billProblems(body, problems, findInstitution(caller.id)?.mapping ?? new Map(), shanghaiDate(clock.now()));

function commandFrom(deps: HttpDeps, caller: Principal, bill: BillRequest): BillCommand {
  if (bill.institutionId !== caller.id) throw wrongInstitution();
  const today = shanghaiDate(deps.clock.now());
  const { command, problems } = receiveBill(bill, institutionOf(deps, caller), today);
  if (problems.length > 0) throw invalidInput(problems);
  return command;
}

/** A bug in one bill of a batch, thrown where its own caller is answered. */
function rethrow(error: unknown): never {
  if (error instanceof Error) throw error;
  invariant(false, 'what is thrown is an error');
}

/** POST /v1/quotes: what settling would come to; writes nothing. */
export async function quoteBill(deps: HttpDeps, { caller, body }: Call<BillRequest>): Promise<Reply<QuoteAnswer>> {
  const outcome = await deps.quote(commandFrom(deps, caller, body));
  deps.metrics.quoted(outcome.kind);
  switch (outcome.kind) {
    case 'judged':
      return { status: 200, body: presentQuote(outcome, deps.rulebook()) };
    case 'failed':
      return rethrow(outcome.error);
    default:
      throw refusalError(outcome);
  }
}

function billConflict({ settlement: { row }, contentHash }: Extract<SettleOutcome, { kind: 'conflict' }>): AppError {
  const same = row.contentHash === contentHash;
  return new AppError(
    'BILL_CONFLICT',
    same ? 'this bill is settled under another request key' : 'another content was settled under this bill number',
    {
      status: 409,
      help: 'reverse the settlement first, or send the bill under a number of its own',
      extra: { settlementId: row.settlementId, contentHash, settledContentHash: row.contentHash },
    },
  );
}

/** Shows a bill at its counter, if anybody looks there. */
function publish(deps: HttpDeps, shown: StoredSettlement, original: StoredSettlement): void {
  if (!deps.counterEvents.isWatched(shown.row.institutionId)) return;
  const document = documentOf(original, deps.rulebook());
  const home = deps.findCounty(shown.row.homeRegion);
  deps.counterEvents.publish(presentForCounter(shown, document, document.person.name, home, deps.rulebook()));
}

/** POST /v1/settlements: durable before it is answered; the same content again gets the same answer. */
export async function settleBill(
  deps: HttpDeps,
  { caller, body }: Call<BillRequest>,
): Promise<Reply<SettlementAnswer>> {
  const command = commandFrom(deps, caller, body);
  const outcome = await deps.settle(command);
  deps.metrics.settled(outcome.kind);
  const rulebook = deps.rulebook();
  switch (outcome.kind) {
    case 'settled': {
      const { settlement, verdict, provisional } = outcome;
      publish(deps, settlement, settlement);
      const standing = { repeat: false, reversed: false, provisional };
      return { status: 201, body: presentSettlement(settlement, { bill: command.bill, verdict }, standing, rulebook) };
    }
    case 'repeat': {
      const { settlement, reversed } = outcome;
      const document = documentOf(settlement, rulebook);
      const [provisional] = await deps.provisionals.byIds([settlement.row.settlementId]);
      const standing = { repeat: true, reversed, provisional };
      return { status: 200, body: presentSettlement(settlement, document, standing, rulebook) };
    }
    case 'conflict':
      throw billConflict(outcome);
    case 'failed':
      return rethrow(outcome.error);
    case 'staleCopy':
    case 'standInRefused':
      throw homeFundError(outcome);
    default:
      throw refusalError(outcome);
  }
}

function presentRead(
  deps: HttpDeps,
  { settlement, document, isReversal, reversed }: ReadSettlement,
  provisional: Provisional | undefined,
) {
  return isReversal
    ? presentReversal(settlement, document, false)
    : presentSettlement(settlement, document, { repeat: false, reversed, provisional }, deps.rulebook());
}

/** GET /v1/settlements/:id: a settlement or a reversal. */
export async function getSettlement(
  deps: HttpDeps,
  { caller, params }: Call,
): Promise<Reply<SettlementAnswer | ReversalAnswer>> {
  const read = await readSettlement(deps, caller, params['id'] ?? '');
  const [provisional] = await deps.provisionals.byIds([read.settlement.row.settlementId]);
  return { status: 200, body: presentRead(deps, read, provisional) };
}

/** GET /v1/settlements?billNumber=: how a bill stands, for a caller whose answer was lost. */
export async function findSettlements(
  deps: HttpDeps,
  { caller, query }: Call<unknown, { billNumber: string }>,
): Promise<Reply<SettlementList>> {
  const attempts = await readBill(deps, caller.id, query.billNumber);
  const idOf = ({ settlement }: ReadSettlement): string => settlement.row.settlementId;
  const provisionals = await deps.provisionals.byIds(attempts.map(idOf));
  const answers = attempts.map((attempt) =>
    presentRead(
      deps,
      attempt,
      provisionals.find(({ settlementId }) => settlementId === idOf(attempt)),
    ),
  );
  return {
    status: 200,
    body: {
      settlements: answers.filter((answer) => 'status' in answer),
      reversals: answers.filter((answer) => 'reverses' in answer),
    },
  };
}

/** GET /v1/settlements/:id/statement: the bill, every share, and why. */
export async function getStatement(deps: HttpDeps, { caller, params }: Call): Promise<Reply<StatementAnswer>> {
  const read = await readSettlement(deps, caller, params['id'] ?? '');
  if (read.isReversal) throw notFound('a statement of a reversal');
  const { institutionId } = read.settlement.row;
  const institution = deps.findInstitution(institutionId) ?? { name: institutionId, nameEn: institutionId };
  const [provisional] = await deps.provisionals.byIds([read.settlement.row.settlementId]);
  const standing = { repeat: false, reversed: read.reversed, provisional };
  return {
    status: 200,
    body: presentStatement(read.settlement, read.document, institution, standing, deps.rulebook()),
  };
}

function laterBillsDepend(dependents: readonly Dependent[], caller: Principal): AppError {
  return new AppError('LATER_BILLS_DEPEND', 'later bills of this person used what the reversal would take back', {
    status: 409,
    help: 'reverse these bills first, latest first, then this one, then settle them again',
    extra: {
      dependents: dependents.map(({ institutionId, billNumber, fundTotal, personTotal, wouldBe, ...dependent }) => ({
        ...dependent,
        institutionId,
        billNumber: institutionId === caller.id ? billNumber : maskBillNumber(billNumber),
        fundTotal: formatFen(fundTotal),
        personTotal: formatFen(personTotal),
        wouldBe: wouldBe && { fundTotal: formatFen(wouldBe.fundTotal), personTotal: formatFen(wouldBe.personTotal) },
      })),
    },
  });
}

function reversalConflict({ row }: StoredSettlement, contentHash: string): AppError {
  return new AppError('REVERSAL_CONFLICT', 'the settlement is reversed already, for another reason', {
    status: 409,
    help: 'send the first reason again to get the first answer',
    extra: { reversalId: row.settlementId, contentHash, reversedContentHash: row.contentHash },
  });
}

/** POST /v1/settlements/:id/reversal: the exact negatives, unless later bills depend on it. */
export async function reverseBill(
  deps: HttpDeps,
  { caller, params, body }: Call<ReversalRequest>,
): Promise<Reply<ReversalAnswer>> {
  const settlementId = params['id'] ?? '';
  const outcome = await deps.reverse({ institutionId: caller.id, settlementId, reason: body.reason });
  deps.metrics.reversed(outcome.kind);
  switch (outcome.kind) {
    case 'reversed':
    case 'repeat': {
      const { reversal, original } = outcome;
      const isNew = outcome.kind === 'reversed';
      if (isNew) publish(deps, reversal, original);
      const document = documentOf(original, deps.rulebook());
      return { status: isNew ? 201 : 200, body: presentReversal(reversal, document, !isNew) };
    }
    case 'conflict':
      throw reversalConflict(outcome.reversal, outcome.contentHash);
    case 'dependents':
      throw laterBillsDepend(outcome.dependents, caller);
  }
}
