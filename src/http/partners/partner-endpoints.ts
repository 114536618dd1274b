import type { DeadLetterDecision } from '../../app/outbox/ports.ts';
import { countyOf } from '../../app/county-of.ts';
import { lookAtPartners, type PartnerNow } from '../../app/partners/look-at-partners.ts';
import type { OperationState } from '../../app/partners/ports.ts';
import { formatFen } from '../../core/money/text.ts';
import { notFound } from '../../platform/errors.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type {
  DeadLetterDecided,
  DeadLetterDecisionRequest,
  DeadLetterList,
  DeadLetterQuery,
  PartnerList,
  PartnerView,
} from '../schemas/partners.ts';

function presentOperation(state: OperationState): PartnerView['operations'][number] {
  const { operation, position, sinceMs, fires, failures, timeouts, rejects, lastError } = state;
  const error = lastError && {
    code: lastError.code,
    message: lastError.message,
    at: shanghaiInstant(lastError.atMs),
  };
  const since = shanghaiInstant(sinceMs);
  return { operation, breaker: position, since, calls: fires, failures, timeouts, rejects, lastError: error };
}

function presentPartner({ county, operations, backlog, exposure }: PartnerNow): PartnerView {
  const { waiting, failed, dead, oldestAtMs } = backlog;
  return {
    region: county.code,
    name: county.name,
    nameEn: county.nameEn,
    operations: operations.map(presentOperation),
    outbox: { waiting, failed, dead, oldestAt: waiting === 0 ? undefined : shanghaiInstant(oldestAtMs) },
    exposure: {
      open: formatFen(exposure.open),
      settlements: exposure.settlements,
      today: formatFen(exposure.today),
      todayMax: exposure.todayMax === undefined ? undefined : formatFen(exposure.todayMax),
    },
  };
}

/** GET /v1/partners: how the home funds' systems do; a county sees its own. */
export async function listPartners({ partners }: HttpDeps, { caller }: Call): Promise<Reply<PartnerList>> {
  const own = countyOf(caller);
  const all = await lookAtPartners(partners);
  const shown = own === undefined ? all : all.filter(({ county }) => county.code === own);
  return { status: 200, body: { partners: shown.map(presentPartner) } };
}

const LETTERS_PER_PAGE = 100;

/** GET /v1/outbox/dead-letters: messages that were given up; a county sees those for its own fund. */
export async function listDeadLetters(
  { outbox }: HttpDeps,
  { caller, query }: Call<unknown, DeadLetterQuery>,
): Promise<Reply<DeadLetterList>> {
  const own = countyOf(caller);
  if (own !== undefined && query.region !== undefined && query.region !== own) {
    return { status: 200, body: { deadLetters: [] } };
  }
  const found = await outbox.deadLetters(own ?? query.region, query.after ?? '', LETTERS_PER_PAGE);
  const deadLetters = found.map((letter) => ({
    messageId: letter.messageId,
    region: letter.partnerRegion,
    topic: letter.topic,
    subjectId: letter.subjectId,
    createdAt: shanghaiInstant(letter.createdAtMs),
    deadSince: shanghaiInstant(letter.deadSinceMs),
    attempts: letter.attempts,
    reason: letter.reason,
    holdsBack: letter.holdsBack,
  }));
  const nextAfter = found.length === LETTERS_PER_PAGE ? found.at(-1)?.messageId : undefined;
  return { status: 200, body: { deadLetters, nextAfter } };
}

async function decide(
  { outbox, clock }: HttpDeps,
  { caller, params, body }: Call<DeadLetterDecisionRequest>,
  action: DeadLetterDecision['action'],
): Promise<Reply<DeadLetterDecided>> {
  const messageId = params['id'] ?? '';
  const region = countyOf(caller);
  const decision = { messageId, region, action, by: `${caller.kind} ${caller.id}`, atMs: clock.now() };
  if (!(await outbox.decide({ ...decision, reason: body.reason }))) throw notFound('dead letter');
  return { status: 200, body: { messageId, action } };
}

/** POST /v1/outbox/:id/resend: tries a dead letter again, and then what waits behind it. */
export function resendMessage(
  deps: HttpDeps,
  call: Call<DeadLetterDecisionRequest>,
): Promise<Reply<DeadLetterDecided>> {
  return decide(deps, call, 'resend');
}

/** POST /v1/outbox/:id/discard: sends it never; what waits behind it goes out. */
export function discardMessage(
  deps: HttpDeps,
  call: Call<DeadLetterDecisionRequest>,
): Promise<Reply<DeadLetterDecided>> {
  return decide(deps, call, 'discard');
}
