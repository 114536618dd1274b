import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRun } from '../../src/app/reconciliation/close-run.ts';
import { acceptDifference, refuseDifference, type DecideDeps } from '../../src/app/reconciliation/decide-difference.ts';
import type { SentFile } from '../../src/app/reconciliation/begin-run.ts';
import type { RecordedDifference, ReconciliationRun } from '../../src/app/reconciliation/ports.ts';
import { reconcileFiles } from '../../src/app/reconciliation/reconcile-files.ts';
import { hasReached } from '../../src/core/lifecycle/window-states.ts';
import { movesMoney } from '../../src/core/reconcile/correction.ts';
import { ourError } from '../../src/db/engine/driver-errors.ts';
import { rowsOf } from '../../src/db/engine/raw-rows.ts';
import type { Chance } from '../../src/simulators/chance.ts';
import {
  allDifferences,
  chsText,
  csvText,
  reconcilingDeps,
  withFile,
  type DayLine,
} from '../support/reconciliation-day.ts';
import { COUNTIES } from '../support/traffic.ts';
import { zipOf } from '../support/zip-files.ts';
import type { Storm, StormAct } from './storm-world.ts';

type Row = Readonly<Record<string, string | number | null>>;
type About = Pick<SentFile, 'source' | 'party' | 'region' | 'businessDate'>;

/** What our books have of a party's day: what an honest file says. */
async function honestLines({ office, knex }: Storm, { source, party }: About, windowId: number): Promise<DayLine[]> {
  const column = source === 'institution' ? 'institution_id' : 'home_region';
  const sql = `SELECT * FROM settlement WHERE window_id = ? AND ${column} = ? ORDER BY settlement_id`;
  const rows = await office.answered(() =>
    rowsOf<Row>(knex, sql, [windowId, party]).catch((error: unknown) => {
      throw ourError(error);
    }),
  );
  return rows.map((row) => ({
    settlementId: String(row['reverses'] ?? row['settlement_id']),
    visitId: String(row['bill_key']).slice(String(row['institution_id']).length + 1),
    personId: String(row['person_id']),
    total: Number(row['total_fen']),
    fundTotal: Number(row['fund_total_fen']),
    account: Number(row['account_fen']),
    refund: row['reverses'] === null ? 0 : 1,
  }));
}

interface Planted {
  readonly lines: DayLine[];
  /** Places where something was planted: a line, or what has none. */
  readonly places: string[];
}

/** Spoils a few lines of an honest file, each in its own way. */
function spoil(honest: readonly DayLine[], firstLineNo: number, chance: Chance): Planted {
  const spoilt = new Map(chance.pickSome(honest, chance.between(0, 4)).map((line, way) => [line, way]));
  const lines: DayLine[] = [];
  const places: string[] = [];
  const add = (line: DayLine, isPlanted: boolean): void => {
    if (isPlanted) places.push(`line ${lines.length + firstLineNo}`);
    lines.push(line);
  };
  for (const line of honest) {
    const way = spoilt.get(line);
    const isRefund = line.refund === 1;
    if (way === 0) places.push(`none ${isRefund ? 'refund of ' : ''}${line.settlementId}`);
    else if (way === 1) add({ ...line, fundTotal: line.fundTotal + (isRefund ? 1 : -1) * chance.between(1, 50) }, true);
    else if (way === 2) add({ ...line, total: line.total + (isRefund ? -1 : 1) * chance.between(1, 50) }, true);
    else add(line, false);
    if (way === 3) add({ ...line, visitId: `${line.visitId}-again` }, true);
  }
  if (chance.hits(500)) {
    const unknown = { settlementId: `unknown-${chance.below(1e9)}`, visitId: 'nowhere', personId: 't00000', refund: 0 };
    add({ ...unknown, refund: 0, total: 500, fundTotal: 400, account: 0 }, true);
  }
  return { lines, places: places.sort() };
}

async function placesFound(storm: Storm, differences: readonly RecordedDifference[]): Promise<string[]> {
  const places = differences.map(async ({ line, ours, refund }) => {
    if (line !== undefined) return `line ${line.lineNo}`;
    const id = ours?.settlementId ?? '';
    if (!refund) return `none ${id}`;
    const stored = await storm.office.answered(() => storm.database.settlementQueries.byId(id));
    return `none refund of ${stored?.row.reverses}`;
  });
  return (await Promise.all(places)).sort();
}

/** Reconciles as an upload does, again and again while the database dies. */
async function upload(storm: Storm, sent: SentFile): Promise<ReconciliationRun> {
  const { office, database, clock } = storm;
  const deps = { ...reconcilingDeps(database), clock, folder: dirname(sent.file.path) };
  for (;;) {
    const [run] = await office.answered(() => reconcileFiles(deps, [sent]));
    if (run === undefined) throw new Error('a file that was taken has a run');
    if (run.state !== 'loading' && run.state !== 'loaded') return run;
    // The process that loaded it is dead for all that anybody knows: a minute later it is begun again.
    clock.advance(60_001);
    await sleep(20);
  }
}

async function decideDifference(storm: Storm, difference: RecordedDifference, region: string, chance: Chance) {
  const { office, database, traffic, clock } = storm;
  const { runs, differences, adjustments } = database.reconciliation;
  const reverse: DecideDeps['reverse'] = (command) => traffic.undo(command);
  const deps: DecideDeps = { runs, differences, adjustments, reverse, clock, newId: office.newId };
  const { runId, differenceNo, action, homeRegion, treatmentRegion } = difference;
  const command = (id: string, county: string) => {
    const caller = { kind: 'clerk', id, region: county } as const;
    return { caller, runId, differenceNo, reason: 'looked into' };
  };
  if (chance.hits(250)) {
    if ((await office.lawful(() => refuseDifference(deps, command('zhao', region)))) !== undefined) {
      office.count('correction refused');
    }
    return;
  }
  await office.lawful(() => acceptDifference(deps, command('zhao', treatmentRegion ?? region)));
  if (!movesMoney(action)) return;
  const by = ['wang', 'sun'].map((id) => command(id, homeRegion ?? region));
  const accepted = await Promise.all(by.map((one) => office.lawful(() => acceptDifference(deps, one))));
  if (accepted.some((one) => one?.state === 'accepted')) office.count(`correction accepted: ${action}`);
}

/** A hospital or a fund sends the file of a closed day, not quite right; every fault is found, and decided upon. */
async function sendFile(storm: Storm, chance: Chance): Promise<void> {
  const { office, database } = storm;
  const windows = await office.answered(() => database.clearingStore.windows(chance.hits(800) ? 4 : 40));
  const closed = windows.filter(({ state }) => hasReached(state, 'closed'));
  if (closed.length === 0) return;
  const { windowId, businessDate } = chance.pick(closed);
  const region = chance.pick(COUNTIES);
  const hospital = `H${region}${chance.between(10_000, 10_004)}`;
  const about: About = chance.hits(700)
    ? { source: 'institution', party: hospital, region, businessDate }
    : { source: 'fund', party: region, region, businessDate };
  const isChs = about.source === 'institution' && chance.hits(500);
  const { lines, places } = spoil(await honestLines(storm, about, windowId), isChs ? 1 : 2, chance);
  const content = isChs ? await zipOf({ '3202.txt': chsText(lines) }) : csvText(lines, about);
  const fileName = isChs ? 'day.zip' : 'day.csv';
  const run = await withFile(content, { ...about, fileName }, (sent) => office.lawful(() => upload(storm, sent)));
  // The very file that was sent before may have been followed by another one, or be done with.
  if (run === undefined || run.state === 'superseded' || run.state === 'closed') return;
  if (run.state !== 'matched') throw new Error(`a good file was ${run.state}: ${JSON.stringify(run.problems)}`);
  office.count(`file of a ${about.source}`);
  const differences = await office.answered(() => allDifferences(database, run.runId));
  const found = await placesFound(storm, differences);
  if (JSON.stringify(found) !== JSON.stringify(places)) {
    throw new Error(`planted in run ${run.runId}: ${places.join(', ')}; found: ${found.join(', ')}`);
  }
  for (const difference of differences) {
    office.count(`found ${difference.class}`);
    await decideDifference(storm, difference, region, chance);
  }
  if (!chance.hits(300)) return;
  const caller = { kind: 'clerk', id: 'zhao', region } as const;
  const { runs } = database.reconciliation;
  const isClosed = await office.lawful(() => closeRun({ runs, clock: storm.clock }, caller, run.runId));
  if (isClosed !== undefined) office.count('reconciliation closed');
}

/** What arrives from hospitals and funds. */
export const FILE_ACTS: readonly StormAct[] = [{ name: 'send a file', perMille: 200, run: sendFile }];
