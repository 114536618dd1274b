// A worker that clears what is due and dies at a place that it is told, as kill -9 would end it.
import type { ClearingDeps, StepReport } from '../../src/app/clearing/run-clearing.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { clearNow } from '../../src/jobs/clearing-job.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { clearingPorts } from './clearing.ts';
import { fakeClock } from './fake-clock.ts';

/** Where a worker is to die: when a step begins or ends, between pages of the pass, or with a write under way. */
export interface Death {
  readonly step: StepReport['step'];
  readonly phase: StepReport['phase'] | 'write';
}

/** What a child is told. */
export interface ChildOrder {
  readonly place: { readonly url?: string; readonly dataDir: string };
  readonly regions: readonly string[];
  /** `2026-11-25 00:30` in Asia/Shanghai. */
  readonly time: string;
  readonly death: Death;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Ports whose write of a step is under way when the process dies. */
function dyingIn({ step, phase }: Death, ports: ReturnType<typeof clearingPorts>): ReturnType<typeof clearingPorts> {
  if (phase !== 'write') return ports;
  const dying =
    <A extends unknown[]>(write: (...values: A) => Promise<void>) =>
    (...values: A): Promise<void> => {
      const writing = write(...values);
      // One turn later the transaction has begun; how far it is is chance.
      setTimeout(die, Math.random() * 3);
      return writing.then(() => new Promise(() => undefined));
    };
  const { store, steps } = ports;
  if (step === 'close') return { ...ports, store: { ...store, closeWindow: dying(store.closeWindow.bind(store)) } };
  return { ...ports, steps: { ...steps, [step]: dying(steps[step] as (...values: unknown[]) => Promise<void>) } };
}

async function work({ place, regions, time, death }: ChildOrder): Promise<void> {
  const database = await openDatabase(place);
  const clock = fakeClock(time);
  const silent = { info: () => undefined, warn: () => undefined };
  const { leaseStore: leases, jobRunStore: runs } = database;
  const onStep: ClearingDeps['onStep'] = ({ step, phase }) => {
    if (step === death.step && phase === death.phase) die();
  };
  const runner = { leases, runs, clock, newId: createIdSource(() => Date.now()), log: silent };
  await clearNow(runner, { ...dyingIn(death, clearingPorts(database)), regions, clock, onStep }, undefined);
  await database.close();
}

if (import.meta.main) await work(JSON.parse(process.argv[2] ?? '') as ChildOrder);
