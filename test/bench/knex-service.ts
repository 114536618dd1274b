import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { billRequest } from '../../src/http/schemas/bills.ts';
import { answerJobs } from './bench-child.ts';
import { openKnex, writeBill } from './knex-writer.ts';
import { createNextBill, type YardstickSetting } from './yardstick-bills.ts';

// What most would write, as hospitals would meet it: express in front, a schema for the body, a transaction a bill behind.
// There are no rules and nobody is asked who they are: rows and answers are those of bills that the service has settled.

/** A job for this process: where to write, which it answers with its port; then how much it has written. */
export type KnexServiceJob = { readonly setting: YardstickSetting } | { readonly count: true };

/** Where it listens; what it has written since it began. */
export interface KnexServiceState {
  readonly port: number;
  readonly written: number;
  readonly raises: number;
}

async function open(setting: YardstickSetting): Promise<() => KnexServiceState> {
  const { samples, url } = setting;
  const knex = openKnex(url);
  const nextBill = createNextBill(setting);
  const answers = samples.map((sample) => JSON.parse(String(sample['settlement_document']?.[0]?.[1])) as object);
  let written = 0;
  let raises = 0;
  const app = express();
  app.use(express.json());
  app.post('/v1/settlements', async (request, response) => {
    const asked = billRequest.safeParse(request.body);
    if (!asked.success) {
      response.status(400).json({ issues: asked.error.issues });
      return;
    }
    const bill = nextBill();
    const rows = samples[bill.sample] ?? {};
    await writeBill(knex, rows, bill);
    written += 1;
    raises += rows['accumulator']?.length ?? 0;
    response.status(201).json({ settlementId: bill.id, ...answers[bill.sample] });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return () => ({ port, written, raises });
}

if (import.meta.main) {
  let state: (() => KnexServiceState) | undefined;
  answerJobs(async (job: KnexServiceJob): Promise<KnexServiceState | undefined> => {
    if ('setting' in job) state = await open(job.setting);
    return state?.();
  });
}
