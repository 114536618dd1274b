import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Knex } from 'knex';
import type { SettlementStore } from '../../src/app/ports.ts';
import { presentSettlement } from '../../src/app/settlement/answer.ts';
import { receiveBill } from '../../src/app/settlement/receive-bill.ts';
import { settleBills } from '../../src/app/settlement/settle-bills.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { stateOf } from '../../src/db/settlement/settlement-rows.ts';
import { billRequest } from '../../src/http/schemas/bills.ts';
import { shanghaiDate } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { answerJobs } from './bench-child.ts';
import { openKnex, readState, writeTables } from './knex-transaction.ts';

// What most would write, as hospitals would meet it: express in front, a schema for the body, the rules, and a transaction a
// bill behind. Rules and answer are the service's own, so that all that differs is how bills get in and are written; nobody
// is asked who they are.

/** A job for this process: what to serve, which it answers with its port; then how much it has written. */
export type KnexServiceJob = { readonly url: string; readonly configDir: string } | { readonly count: true };

/** Where it listens; what it has written since it began. */
export interface KnexServiceState {
  readonly port: number;
  readonly written: number;
  readonly raises: number;
}

interface Served {
  written: number;
  raises: number;
}

/** Nobody closes it here, so it need not be asked for. */
const WINDOW = [{ window_id: 1 }];

/** For one bill at a time. */
function createKnexStore(knex: Knex, served: Served): SettlementStore {
  const transact: SettlementStore['transact'] = async (
    { personIds: [personId = ''], billKeys: [billKey = ''] },
    decide,
  ) => {
    const { writes, result } = await knex.transaction(async (transaction) => {
      const rows = await readState(transaction, personId, billKey);
      const decided = decide(stateOf({ ...rows, window: WINDOW, history: [] }));
      await writeTables(transaction, ({ rowsOf }) => rowsOf(decided.writes));
      return decided;
    });
    served.written += writes.settlements.length;
    served.raises += writes.accumulators.length;
    return result;
  };
  const read: SettlementStore['read'] = () => Promise.reject(new Error('only settles'));
  return { transact, read };
}

async function open(url: string, configDir: string): Promise<() => KnexServiceState> {
  const loaded = loadConfig(configDir);
  if (!loaded.ok) throw new Error('the rules of the bench do not load');
  const { institutions, rules } = loaded.config;
  const served: Served = { written: 0, raises: 0 };
  const store = createKnexStore(openKnex(url), served);
  const clock = { now: () => Date.now() };
  const { rulebook } = rules;
  const deps = { store, rulebook: () => rulebook, clock, newId: createIdSource(clock.now) };
  const app = express();
  app.use(express.json());
  app.post('/v1/settlements', async (request, response) => {
    const asked = billRequest.safeParse(request.body);
    const institution = institutions.get(asked.data?.institutionId ?? '');
    if (!asked.success || institution === undefined) {
      response.status(400).json({ issues: asked.error?.issues });
      return;
    }
    const { command, problems } = receiveBill(asked.data, institution, shanghaiDate(clock.now()));
    const [outcome] = problems.length > 0 ? [] : await settleBills(deps, [command]);
    if (outcome?.kind !== 'settled') {
      response.status(400).json({ problems, outcome });
      return;
    }
    const { settlement, verdict } = outcome;
    const worked = { bill: command.bill, verdict };
    response.status(201).json(presentSettlement(settlement, worked, { repeat: false, reversed: false }, rulebook));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return () => ({ port, ...served });
}

if (import.meta.main) {
  let state: (() => KnexServiceState) | undefined;
  answerJobs(async (job: KnexServiceJob): Promise<KnexServiceState | undefined> => {
    if ('url' in job) state = await open(job.url, job.configDir);
    return state?.();
  });
}
