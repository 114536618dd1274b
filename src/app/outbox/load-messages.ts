import type { AccumulatorChange } from '../../core/adjudicate/verdict.ts';
import { formatFen } from '../../core/money/text.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { ClearingStore, ClearingWindow, NetPosition, PairStatement } from '../clearing/ports.ts';
import type { FundMessage, MessageSource, OutboxMessage, SettlementQueries, StoredSettlement } from '../ports.ts';
import { sharesOf } from '../settlement/answer.ts';
import type { SettlementDocument } from '../settlement/document.ts';
import { accumulatorText } from '../settlement/present-accumulators.ts';
import { documentOf } from '../settlement/read-settlement.ts';

/** What finding messages needs from outside. */
export interface MessageSourceDeps {
  readonly queries: Pick<SettlementQueries, 'byIds'>;
  readonly clearing: Pick<ClearingStore, 'window' | 'netPositions' | 'statements'>;
  readonly rulebook: () => Rulebook;
}

/**
 * Finds what messages say when they are sent: the outbox holds ids only, which keeps the settling transaction small.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export function createMessageSource(deps: MessageSourceDeps): MessageSource {
  return {
    async load(messages) {
      const advices = messages.filter(({ topic }) => topic !== 'clearing-notice');
      const notices = messages.filter(({ topic }) => topic === 'clearing-notice');
      const found = [...(await loadAdvices(deps, advices)), ...(await loadNotices(deps, notices))];
      return new Map(found.map((message) => [message.messageId, message]));
    },
  };
}

async function loadAdvices({ queries, rulebook }: MessageSourceDeps, messages: readonly OutboxMessage[]) {
  const settlements = byId(await queries.byIds(messages.map(({ subjectId }) => subjectId)));
  const originalIds = [...settlements.values()].flatMap(({ row }) => row.reverses ?? []);
  const originals = byId(await queries.byIds(originalIds));
  return messages.flatMap((message) => {
    const settlement = settlements.get(message.subjectId);
    const reverses = settlement?.row.reverses;
    const original = reverses === undefined ? settlement : originals.get(reverses);
    if (settlement === undefined || original === undefined) return [];
    return [adviceMessage(message, settlement, documentOf(original, rulebook()), rulebook())];
  });
}

function byId(settlements: readonly StoredSettlement[]): Map<string, StoredSettlement> {
  return new Map(settlements.map((settlement) => [settlement.row.settlementId, settlement]));
}

/** What a home fund is told of its person's bill; of a reversal, the exact negatives. */
function adviceMessage(
  { messageId, topic }: OutboxMessage,
  { row }: StoredSettlement,
  { verdict, familyPayer }: SettlementDocument,
  rulebook: Rulebook,
): FundMessage {
  const sign = row.reverses === undefined ? 1 : -1;
  const policy = rulebook.policyByHash(verdict.policyHash);
  const change = ({ bucket, name, before, after }: AccumulatorChange) => {
    const measure = policy?.accumulators.find((accumulator) => accumulator.name === name)?.measure;
    return { bucket, name, change: accumulatorText(sign * (after - before), measure) };
  };
  return {
    messageId,
    topic,
    settlementId: row.settlementId,
    reverses: row.reverses,
    personId: row.personId,
    familyPayer,
    treatmentRegion: row.treatmentRegion,
    institutionId: row.institutionId,
    kind: row.benefit,
    visitDate: row.visitDate,
    settledAt: shanghaiInstant(row.settledAtMs),
    shares: sharesOf(verdict, sign),
    accumulators: verdict.accumulators.map(change),
  };
}

async function loadNotices({ clearing }: MessageSourceDeps, messages: readonly OutboxMessage[]) {
  const found: FundMessage[] = [];
  for (const message of messages) {
    const windowId = Number(message.subjectId);
    const window = await clearing.window(windowId);
    const [positions, statements] = [await clearing.netPositions(windowId), await clearing.statements(windowId)];
    const position = positions.find(({ region }) => region === message.partnerRegion);
    if (window === undefined || position === undefined) continue;
    found.push(noticeMessage(message, window, position, statements));
  }
  return found;
}

/** What a county is told of a cleared window: its position and the statements that it is a party to. */
function noticeMessage(
  { messageId, topic, partnerRegion }: OutboxMessage,
  { windowId, businessDate }: ClearingWindow,
  { receivable, payable, net }: NetPosition,
  statements: readonly PairStatement[],
): FundMessage {
  const own = statements.filter(
    ({ homeRegion, treatmentRegion }) => homeRegion === partnerRegion || treatmentRegion === partnerRegion,
  );
  return {
    messageId,
    topic,
    windowId,
    businessDate,
    region: partnerRegion,
    position: { receivable: formatFen(receivable), payable: formatFen(payable), net: formatFen(net) },
    statements: own.map(({ owed, ...statement }) => ({ ...statement, owed: formatFen(owed) })),
  };
}
