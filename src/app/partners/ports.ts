/** Where a breaker stands. */
export type BreakerPosition = 'closed' | 'halfOpen' | 'open';

/** What became of calls. */
export interface CallCounts {
  /** All that were wanted. */
  readonly fires: number;
  /** Those that failed through the partner; timeouts are among them. */
  readonly failures: number;
  readonly timeouts: number;
  /** Those that were not made, because the breaker was open. */
  readonly rejects: number;
}

/** One operation of one partner as one process sees it since it started. */
export interface OperationState extends CallCounts {
  readonly partner: string;
  readonly operation: string;
  readonly position: BreakerPosition;
  /** Since when it stands there. */
  readonly sinceMs: number;
  readonly lastError: { readonly code: string; readonly message: string; readonly atMs: number } | undefined;
}

/** What every process knows of partners, so that one that serves can show what one that works has seen. */
export interface PartnerStates {
  /** Replaces what this process reported before; what was not reported again for a while is forgotten. */
  report(process: string, states: readonly OperationState[], atMs: number): Promise<void>;
  /** As last reported by each process that still runs. */
  all(nowMs: number): Promise<readonly OperationState[]>;
}
