import type { ClearingWindow, InstitutionStatement, PairStatement, StatementItem } from '../../app/clearing/ports.ts';
import type { Principal } from '../../app/ports.ts';
import { isPartyOf } from '../../app/county-of.ts';
import { itemHash } from '../../app/clearing/item-hash.ts';
import { bilateralNets, transfersFor, type Transfer } from '../../core/clearing/netting.ts';
import { hasReached } from '../../core/lifecycle/window-states.ts';
import { formatFen } from '../../core/money/text.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { optionalInstant, shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type {
  ClearingRunAnswer,
  ClearingRunRequest,
  InstitutionStatementList,
  ItemsQuery,
  NetPositionsAnswer,
  PairStatementDetail,
  PairStatementList,
  PairStatementView,
  TotalsAnswer,
  WindowList,
  WindowsQuery,
  WindowView,
} from '../schemas/clearing.ts';

function presentWindow({ windowId, businessDate, state, ...at }: ClearingWindow): WindowView {
  return {
    windowId,
    businessDate,
    state,
    openedAt: shanghaiInstant(at.openedAtMs),
    closedAt: optionalInstant(at.closedAtMs),
    reconciledAt: optionalInstant(at.reconciledAtMs),
    issuedAt: optionalInstant(at.issuedAtMs),
    confirmedAt: optionalInstant(at.confirmedAtMs),
    paidAt: optionalInstant(at.paidAtMs),
  };
}

const WINDOWS_SHOWN = 31;

/** GET /v1/windows: business days, newest first. */
export async function listWindows(
  { clearing }: HttpDeps,
  { query }: Call<unknown, WindowsQuery>,
): Promise<Reply<WindowList>> {
  const windows = await clearing.windows(query.limit ?? WINDOWS_SHOWN);
  return { status: 200, body: { windows: windows.map(presentWindow) } };
}

/**
 * The window that a path names, which must be issued to be looked into.
 *
 * @throws AppError NOT_FOUND, WINDOW_NOT_ISSUED
 */
async function issuedWindow({ clearing }: HttpDeps, { params }: Call): Promise<ClearingWindow> {
  const id = params['id'] ?? '';
  const window = /^\d{1,15}$/.test(id) ? await clearing.window(Number(id)) : undefined;
  if (window === undefined) throw notFound('window');
  if (hasReached(window.state, 'issued')) return window;
  throw new AppError('WINDOW_NOT_ISSUED', `the window is ${window.state}: nothing is netted yet`, {
    status: 409,
    help: 'it is issued after the night run, or by POST /v1/clearing-runs',
  });
}

/** GET /v1/windows/:id/net-positions: what each county gets or pays, between two and in all. */
export async function getNetPositions(deps: HttpDeps, call: Call): Promise<Reply<NetPositionsAnswer>> {
  const { windowId } = await issuedWindow(deps, call);
  const [positions, statements] = await Promise.all([
    deps.clearing.netPositions(windowId),
    deps.clearing.statements(windowId),
  ]);
  const { caller } = call;
  const owed = statements.map(({ homeRegion, treatmentRegion, owed: amount }) => ({
    homeRegion,
    treatmentRegion,
    amount,
  }));
  const own = (payments: readonly Transfer[]) =>
    payments
      .filter(({ payer, payee }) => isPartyOf(caller, payer, payee))
      .map(({ payer, payee, amount }) => ({ payer, payee, amount: formatFen(amount) }));
  return {
    status: 200,
    body: {
      windowId,
      positions: positions
        .filter(({ region }) => isPartyOf(caller, region))
        .map(({ region, receivable, payable, net }) => ({
          region,
          receivable: formatFen(receivable),
          payable: formatFen(payable),
          net: formatFen(net),
        })),
      bilateral: own(bilateralNets(owed)),
      transfers: own(transfersFor(positions)),
    },
  };
}

function presentStatement({ owed, ...statement }: PairStatement): PairStatementView {
  const { statementId, windowId, homeRegion, treatmentRegion, settlements, itemsHash } = statement;
  return { statementId, windowId, homeRegion, treatmentRegion, settlements, owed: formatFen(owed), itemsHash };
}

/** GET /v1/windows/:id/statements: one a pair of counties. */
export async function listStatements(deps: HttpDeps, call: Call): Promise<Reply<PairStatementList>> {
  const { windowId } = await issuedWindow(deps, call);
  const statements = await deps.clearing.statements(windowId);
  const own = statements.filter(({ homeRegion, treatmentRegion }) =>
    isPartyOf(call.caller, homeRegion, treatmentRegion),
  );
  return { status: 200, body: { statements: own.map(presentStatement) } };
}

/** An operator sees every institution, a county its own, an institution itself. */
function maySee(caller: Principal, { institutionId, treatmentRegion }: InstitutionStatement): boolean {
  return caller.kind === 'institution' ? caller.id === institutionId : isPartyOf(caller, treatmentRegion);
}

/** GET /v1/windows/:id/institution-statements: what each institution is owed, for people from anywhere. */
export async function listInstitutionStatements(deps: HttpDeps, call: Call): Promise<Reply<InstitutionStatementList>> {
  const { windowId } = await issuedWindow(deps, call);
  const statements = await deps.clearing.institutionStatements(windowId);
  const own = statements.filter((statement) => maySee(call.caller, statement));
  return { status: 200, body: { statements: own.map(({ owed, ...one }) => ({ ...one, owed: formatFen(owed) })) } };
}

function presentItem(item: StatementItem): PairStatementDetail['items'][number] {
  const { settlementId, institutionId, billNumber, scheme, benefit, reverses } = item;
  return {
    settlementId,
    institutionId,
    billNumber,
    scheme,
    kind: benefit,
    reverses,
    total: formatFen(item.total),
    fundTotal: formatFen(item.fundTotal),
    account: formatFen(item.account),
    owed: formatFen(item.owed),
    itemHash: itemHash(item),
  };
}

const ITEMS_PER_PAGE = 200;

/** GET /v1/statements/:id: the gross by institution, scheme and layer, and a page of the bills it is made of. */
export async function getPairStatement(
  { clearing }: HttpDeps,
  { caller, params, query }: Call<unknown, ItemsQuery>,
): Promise<Reply<PairStatementDetail>> {
  const statement = await clearing.statement(params['id'] ?? '');
  if (statement === undefined || !isPartyOf(caller, statement.homeRegion, statement.treatmentRegion)) {
    throw notFound('statement');
  }
  const { windowId, homeRegion, treatmentRegion } = statement;
  const window = await clearing.window(windowId);
  // It is there from the moment at which its window is reconciled, and nobody's business before it is issued.
  if (window === undefined || !hasReached(window.state, 'issued')) throw notFound('statement');
  const limit = query.limit ?? ITEMS_PER_PAGE;
  const [gross, items] = await Promise.all([
    clearing.grossItems(windowId),
    clearing.items(windowId, homeRegion, treatmentRegion, query.after ?? '', limit),
  ]);
  const own = gross.filter((item) => item.homeRegion === homeRegion && item.treatmentRegion === treatmentRegion);
  return {
    status: 200,
    body: {
      ...presentStatement(statement),
      gross: own.map(({ institutionId, scheme, layer, settlements, amount }) => ({
        institutionId,
        scheme,
        layer,
        settlements,
        amount: formatFen(amount),
      })),
      items: items.map(presentItem),
      nextAfter: items.length === limit ? items.at(-1)?.settlementId : undefined,
    },
  };
}

/** POST /v1/clearing-runs: clears every window up to and including a business day; doing it again changes nothing. */
export async function runClearing(
  deps: HttpDeps,
  { body }: Call<ClearingRunRequest>,
): Promise<Reply<ClearingRunAnswer>> {
  const cleared = await deps.runClearing(body.businessDate);
  return { status: 200, body: { cleared: cleared.map(presentWindow) } };
}

/** GET /v1/totals: sums over everything settled less everything reversed. */
export async function getTotals({ queries }: HttpDeps): Promise<Reply<TotalsAnswer>> {
  const { settlements, reversals, total, fundTotal, account, cash } = await queries.totals();
  const body = {
    settlements,
    reversals,
    total: formatFen(total),
    fundTotal: formatFen(fundTotal),
    account: formatFen(account),
    cash: formatFen(cash),
  };
  return { status: 200, body };
}
