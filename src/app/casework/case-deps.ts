import type { HandlingRules } from '../../core/casework/handling-rules.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CaseStore, MaterialFiles } from './ports.ts';

/** What the use cases of this folder need; each names the part it uses. */
export interface CaseworkDeps {
  readonly cases: CaseStore;
  readonly materialFiles: MaterialFiles;
  /** As they are in force now. */
  readonly handlingRules: () => HandlingRules;
  readonly clock: Clock;
  readonly newId: () => string;
}
