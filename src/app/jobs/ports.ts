import type { DateText } from '../../core/calendar.ts';

/** `interrupted`: another runner took over, because this one died or lost its lease. */
export type JobRunState = 'running' | 'done' | 'failed' | 'interrupted';

/** How far a run is. */
export interface JobProgress {
  readonly step?: string | undefined;
  /** The business day that it is at. */
  readonly businessDate?: DateText | undefined;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
}

/** One run of a job: who ran it, what it is at or was last at, and what it came to. */
export interface JobRun extends JobProgress {
  readonly runId: string;
  readonly name: string;
  /** Machine and process. */
  readonly holder: string;
  /** Of the lease that it runs under. */
  readonly token: number;
  readonly state: JobRunState;
  readonly startedAtMs: number;
  /** When it was last heard of. */
  readonly reportedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** JSON: the result, or code and message of the error. */
  readonly outcome: string | undefined;
}

/** What jobs ran. Keeping it is no part of their work: a run that cannot be recorded fails as a run. */
export interface JobRunStore {
  /** Records a run that starts; whatever ran under an older token of the lease is interrupted by that. */
  begin(run: Pick<JobRun, 'runId' | 'name' | 'holder' | 'token' | 'startedAtMs'>): Promise<void>;
  report(runId: string, progress: JobProgress, atMs: number): Promise<void>;
  /** Does nothing to a run that was interrupted. */
  end(runId: string, state: 'done' | 'failed', outcome: string, atMs: number): Promise<void>;
  find(runId: string): Promise<JobRun | undefined>;
  /** Newest first. */
  latest(limit: number): Promise<readonly JobRun[]>;
}
