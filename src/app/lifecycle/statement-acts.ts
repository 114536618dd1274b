import { isRefusal, refuse, type Refusal } from '../../core/lifecycle/refusal.ts';
import {
  confirmBy,
  hasConfirmed,
  isInPayment,
  windowStateOf,
  withdrawBy,
  type Side,
  type StatementState,
} from '../../core/lifecycle/statement-states.ts';
import { formatFen } from '../../core/money/text.ts';
import type { ActContext, ActResult } from './act-context.ts';
import type { Act, LifeState, LifeWrites, ObjectedItem, Objection, StatementLife } from './ports.ts';

/** Which side of a pair a desk is; undefined when it is neither. */
export function sideOf(
  { homeRegion, treatmentRegion }: Pick<StatementLife, 'homeRegion' | 'treatmentRegion'>,
  desk: string,
): Side | undefined {
  if (desk === homeRegion) return 'home';
  return desk === treatmentRegion ? 'treatment' : undefined;
}

/** Only one of the two sides may do something. */
export function notYours(side: string): Refusal {
  return refuse('OTHER_SIDE', `this is for the ${side} to do`);
}

/** What goes on to payment. */
export function payableOf({ owed, disputed }: Pick<StatementLife, 'owed' | 'disputed'>): number {
  return owed - disputed;
}

function moved(
  statement: StatementLife,
  besides: readonly StatementState[],
  state: StatementState,
): Pick<LifeWrites, 'statement' | 'windowState'> {
  const { statementId, windowId, disputed } = statement;
  const windowState = windowStateOf([...besides, state]);
  return {
    statement: { statementId, windowId, state, disputed },
    windowState: windowState === 'confirmed' ? 'confirmed' : 'issued',
  };
}

/**
 * A side accepts the undisputed part of a statement; with the last one of a window, the window is confirmed.
 *
 * @rejects STATEMENT_CHANGED, ALREADY_CONFIRMED
 */
export function confirmStatement(
  { statement, besides }: LifeState,
  { payable }: Extract<Act, { act: 'confirm' }>,
  { desk }: ActContext,
): ActResult {
  const side = statement === undefined ? undefined : sideOf(statement, desk);
  if (statement === undefined || side === undefined) return 'hidden';
  const next = confirmBy(statement.state, side);
  if (isRefusal(next)) return next;
  if (payableOf(statement) !== payable) {
    return refuse('STATEMENT_CHANGED', `what is payable is ${formatFen(payableOf(statement))} by now`);
  }
  return { writes: moved(statement, besides, next) };
}

/**
 * A side takes its confirmation back; the window is no longer confirmed either.
 *
 * @rejects NOT_CONFIRMED, ALREADY_INSTRUCTED
 */
export function withdrawConfirmation({ statement, besides }: LifeState, { desk }: ActContext): ActResult {
  const side = statement === undefined ? undefined : sideOf(statement, desk);
  if (statement === undefined || side === undefined) return 'hidden';
  const next = withdrawBy(statement.state, side);
  if (isRefusal(next)) return next;
  return { writes: moved(statement, besides, next) };
}

/** Why an item cannot be objected to. */
function itemRefusal({ statement, settlements }: LifeState, { settlementId }: ObjectedItem): Refusal | undefined {
  const item = settlements.get(settlementId);
  const isOwn =
    item !== undefined &&
    item.windowId === statement?.windowId &&
    item.homeRegion === statement.homeRegion &&
    item.treatmentRegion === statement.treatmentRegion;
  if (!isOwn) return refuse('NOT_IN_STATEMENT', `${settlementId} is not an item of the statement`);
  if (item.objected) return refuse('ALREADY_OBJECTED', `${settlementId} was objected to before`);
  if (item.reverses !== undefined || item.reversed) {
    return refuse('ITEM_REVERSED', `${settlementId} is reversed, or is a reversal: nothing is left to object to`);
  }
  if (item.fundTotal > 0) return undefined;
  return refuse('NOTHING_PAID', `no fund pays anything for ${settlementId}`);
}

function openObjection(state: LifeState, item: ObjectedItem, held: boolean, context: ActContext): Objection {
  const { statement, settlements } = state;
  const settlement = settlements.get(item.settlementId);
  return {
    objectionId: context.newId(),
    statementId: statement?.statementId ?? '',
    settlementId: item.settlementId,
    homeRegion: statement?.homeRegion ?? '',
    treatmentRegion: statement?.treatmentRegion ?? '',
    institutionId: settlement?.institutionId ?? '',
    scheme: settlement?.scheme ?? 'employee',
    objected: settlement?.fundTotal ?? 0,
    held,
    reason: item.reason,
    words: item.words,
    state: 'open',
    openedAtMs: context.nowMs,
    accepted: undefined,
    answer: undefined,
    answeredAtMs: undefined,
    outcome: undefined,
    deducted: 0,
    decision: undefined,
    decidedAtMs: undefined,
    decidedWindowId: undefined,
    undoneAtMs: undefined,
  };
}

/**
 * The home county objects to single items. They leave the statement at once, so that the rest can be confirmed and paid;
 * from a statement that is in payment they cannot leave any more, and are claimed back.
 *
 * @rejects OTHER_SIDE, WITHDRAW_FIRST, NOT_IN_STATEMENT, ALREADY_OBJECTED, ITEM_REVERSED, NOTHING_PAID
 */
export function objectToItems(
  state: LifeState,
  { items }: Extract<Act, { act: 'object' }>,
  context: ActContext,
): ActResult {
  const { statement } = state;
  const side = statement === undefined ? undefined : sideOf(statement, context.desk);
  if (statement === undefined || side === undefined) return 'hidden';
  if (side !== 'home') return notYours('home county');
  const held = !isInPayment(statement.state);
  if (held && hasConfirmed(statement.state, 'home')) {
    return refuse('WITHDRAW_FIRST', 'the home county has confirmed the statement: it withdraws that first');
  }
  for (const item of items) {
    const refusal = itemRefusal(state, item);
    if (refusal !== undefined) return refusal;
  }
  const objections = items.map((item) => openObjection(state, item, held, context));
  if (!held) return { writes: { objections } };
  const left = objections.reduce((sum, { objected }) => sum + objected, 0);
  const { statementId, windowId } = statement;
  return {
    writes: {
      objections,
      statement: { statementId, windowId, state: statement.state, disputed: statement.disputed + left },
    },
  };
}
