import type { Progress } from '../../src/cli/progress.ts';
import type { Report } from './report.ts';

/** What the command line says. */
export interface BenchOptions {
  readonly engine: 'mariadb' | 'sqlite';
  readonly persons: number;
  readonly institutions: number;
  /** Sizes of the closed loops. */
  readonly clients: readonly number[];
  /** Length of each load. */
  readonly seconds: number;
  /** Length of the memory scenario. */
  readonly minutes: number;
  /** How often ours and the yardsticks take turns. */
  readonly alternations: number;
  /** `serve` processes on the one database. */
  readonly serves: number;
  /** Folder for CPU profiles of the services. */
  readonly profile: string | undefined;
}

/** What a scenario is given: it starts and stops everything else itself. */
export interface BenchContext {
  readonly options: BenchOptions;
  /** For whoever watches. */
  readonly progress: Progress;
  say(text: string): void;
}

/**
 * Measures one kind of work.
 *
 * @throws Error when what was measured is not valid: no figure is printed then
 */
export type Scenario = (context: BenchContext) => Promise<Report>;
