import { setImmediate as nextTurn } from 'node:timers/promises';
import { bookedFor, differencesOf, postedDifferences, type Difference } from '../../core/clearing/agreement.ts';
import { owedByPair } from '../../core/clearing/netting.ts';
import { invariant } from '../../core/invariant.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import { formatFen } from '../../core/money/text.ts';
import { AppError } from '../../platform/errors.ts';
import { adjustedIn, withAdjustments } from './add-adjustments.ts';
import type { GrossItem, InstitutionStatement, PairStatement, WindowReader, WindowSums } from './ports.ts';
import { Tally, WindowTally } from './window-tally.ts';

/** How far the pass over a window is. */
export type OnProgress = (done: number, total: number) => void;

const NAMED_MAX = 20;

function wordsFor({ what, expected, found }: Difference): string {
  return `${what}: ${formatFen(expected)} expected, ${formatFen(found)} found`;
}

function disagrees(windowId: number, wrong: readonly string[]): AppError {
  return new AppError('WINDOW_DISAGREES', `window ${windowId} does not add up in ${wrong.length} places`, {
    status: 500,
    help: 'the window stays closed and nothing is issued: compare the settlements, documents and postings that are named',
    extra: { windowId, wrong: wrong.slice(0, NAMED_MAX), places: wrong.length },
  });
}

/**
 * Goes over a closed window once: bill after bill is added up and hashed in the order of ids, while the database marks the
 * postings. Layers, funds in all and postings must come to the same to the fen, postings to 0 in each book of each bill;
 * where the mark says that they do not, they are added up to tell where. Lines from earlier windows that move money must be
 * those that the journal entered.
 *
 * @shape window → gross, statements by pair and by institution, and what moved in every account
 * @units fen
 * @throws AppError WINDOW_DISAGREES with the first places that differ, DATABASE_UNAVAILABLE (retryable), the signal's reason
 * @source design §9
 */
export async function sumWindow(
  reader: WindowReader,
  windowId: number,
  { signal, onProgress }: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
): Promise<WindowSums> {
  let total = 0;
  // Meanwhile: counting takes a tenth of a second, and nothing waits for it but the comparison at the end.
  const counting = reader.count(windowId).then((settlements) => {
    total = settlements;
  });
  // Its failure is heard at the end.
  counting.catch(() => undefined);
  const tally = new WindowTally();
  try {
    for await (const page of reader.pages(windowId)) {
      for (const item of page.items) tally.item(item);
      for (const part of page.parts) tally.part(part);
      // A page is a few milliseconds' work: a process that also answers requests does so in between.
      await nextTurn();
      signal?.throwIfAborted();
      if (total > 0) onProgress?.(tally.settlements, total);
    }
  } finally {
    await Promise.allSettled([counting]);
  }
  await counting;
  const { wrong, settlements } = tally;
  if (settlements !== total) wrong.push(`${total} settlements are indexed, ${settlements} were read`);
  const gross = tally.gross();
  const booked = bookedFor(gross);
  if (tally.isPosted(booked)) tally.addPart({ booked, misbooked: [] });
  else {
    for await (const part of reader.booked(windowId)) {
      tally.addPart(part);
      signal?.throwIfAborted();
    }
  }
  const settled = [...tally.booked.values()];
  wrong.push(...differencesOf(gross, tally.groups, settled).map(wordsFor));

  const journal = await reader.journal(windowId);
  wrong.push(...journal.unbalanced.map((id) => `the postings of ${id}`));
  const adjustments = await reader.adjustments(windowId);
  // What comes back from under an objection was posted with its bill.
  const moved = adjustments.filter(({ kind }) => kind !== 'carried').map((line) => ({ ...line, settlements: 0 }));
  wrong.push(...postedDifferences(moved, journal.adjusted).map(wordsFor));
  if (wrong.length > 0) throw disagrees(windowId, wrong);

  for (const sum of journal.booked) tally.addBooked(sum);
  tally.during(journal.firstAtMs, journal.lastAtMs);
  return resultOf(windowId, tally, gross, adjustments);
}

function resultOf(
  windowId: number,
  tally: WindowTally,
  settled: readonly GrossItem[],
  adjustments: readonly Adjustment[],
): WindowSums {
  const gross = withAdjustments(settled, adjustments);
  // A pair or an institution whose bills were all paid in cash has no statement; what a county spends at home is owed to
  // nobody, but its institutions wait for it.
  const statements = owedByPair(gross).map((pair): PairStatement => {
    const { homeRegion, treatmentRegion, amount } = pair;
    const bills = tally.pairs.get(`${homeRegion} ${treatmentRegion}`)?.tally ?? new Tally();
    const { owed, ...items } = bills.result();
    const statementId = `${windowId}-${homeRegion}-${treatmentRegion}`;
    invariant(owed + adjustedIn(adjustments, pair) === amount, 'bills and adjustments of a pair come to its gross');
    return { statementId, windowId, homeRegion, treatmentRegion, ...items, owed: amount };
  });
  const owing = new Map(gross.map(({ institutionId, treatmentRegion }) => [institutionId, treatmentRegion]));
  const institutions = Array.from(owing, ([institutionId, treatmentRegion]): InstitutionStatement => {
    const bills = tally.institutions.get(`${treatmentRegion} ${institutionId}`)?.tally ?? new Tally();
    const { owed, ...items } = bills.result();
    const adjusted = adjustedIn(adjustments, { institutionId });
    return { windowId, institutionId, treatmentRegion, ...items, owed: owed + adjusted };
  });
  return {
    settlements: tally.settlements,
    gross,
    statements,
    institutions,
    balances: [...tally.booked.values()],
    firstAtMs: tally.firstAtMs,
    lastAtMs: tally.lastAtMs,
  };
}
