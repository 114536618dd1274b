import type { CopyState, CopyStore, FeedPosition, FeedStore } from './ports.ts';

/** How a county's copy stands, and the feeds that it is pulled from. */
export interface CountyFeeds extends CopyState {
  /** When its oldest person was so at the fund; undefined when one was never copied. */
  readonly asOfMs: number | undefined;
  readonly pulls: readonly FeedPosition[];
}

/**
 * How old each county's copy is and what is held back. A feed of persons that was read to its end says of everybody who
 * was not in it that they have not changed.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export async function readFeeds({
  copies,
  feeds,
}: {
  readonly copies: Pick<CopyStore, 'state'>;
  readonly feeds: Pick<FeedStore, 'all'>;
}): Promise<readonly CountyFeeds[]> {
  const [states, positions] = [await copies.state(), await feeds.all()];
  const regions = [...new Set([...states, ...positions].map(({ region }) => region))].sort();
  return regions.map((region) => {
    const none = { region, oldestCopyMs: 0, eventsWaiting: 0, eventsRefused: 0 };
    const state = states.find((one) => one.region === region) ?? none;
    const pulls = positions.filter((one) => one.region === region);
    const caughtUpAtMs = pulls.find(({ feed }) => feed === 'persons')?.caughtUpAtMs ?? 0;
    const asOfMs = state.oldestCopyMs === 0 ? undefined : Math.max(state.oldestCopyMs, caughtUpAtMs);
    return { ...state, asOfMs, pulls };
  });
}
