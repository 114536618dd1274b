import { CASEWORK_ROUTES } from './casework/casework-routes.ts';
import { CLEARING_ROUTES } from './clearing/clearing-routes.ts';
import { COUNTER_ROUTES } from './counter/counter-routes.ts';
import { LIFE_ROUTES } from './lifecycle/life-routes.ts';
import { JOB_ROUTES } from './jobs/job-routes.ts';
import { LEDGER_ROUTES } from './ledger/ledger-routes.ts';
import { PARTNER_ROUTES } from './partners/partner-routes.ts';
import { FEED_ROUTES } from './funds/feed-routes.ts';
import { RECONCILIATION_ROUTES } from './reconciliation/reconciliation-routes.ts';
import type { Route } from './route.ts';
import { RULE_ROUTES } from './rules/rule-routes.ts';
import { SIMULATOR_ROUTES } from './simulators/simulator-routes.ts';
import { SETTLEMENT_ROUTES } from './settlement/settlement-routes.ts';

/**
 * Everything that can be asked under `/v1`, capability by capability: method, path, who may, what goes in, what comes out,
 * who does it. The busiest come first, because express tries them in order. `openapi.ts` describes the same table.
 */
export const ROUTES: readonly Route[] = [
  ...SETTLEMENT_ROUTES,
  ...CLEARING_ROUTES,
  ...RECONCILIATION_ROUTES,
  ...LIFE_ROUTES,
  ...LEDGER_ROUTES,
  ...JOB_ROUTES,
  ...RULE_ROUTES,
  ...COUNTER_ROUTES,
  ...CASEWORK_ROUTES,
  ...PARTNER_ROUTES,
  ...FEED_ROUTES,
  ...SIMULATOR_ROUTES,
];
