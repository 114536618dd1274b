import { encodeDocument } from '../../src/app/settlement/document.ts';
import type { DraftBill } from '../../src/app/settlement/check-bill.ts';
import { judgeBill, type BillCommand, type Judgement } from '../../src/app/settlement/judge-bill.ts';
import { receiveBill } from '../../src/app/settlement/receive-bill.ts';
import type { PersonState } from '../../src/app/ports.ts';
import { loadConfig, type Config } from '../../src/config/load-config.ts';
import { applyChanges } from '../../src/core/adjudicate/accumulate.ts';
import { adjudicate } from '../../src/core/adjudicate/adjudicate.ts';
import { invariant } from '../../src/core/invariant.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePerson } from '../support/settlement-samples.ts';
import { createBills } from './bench-bills.ts';
import { BENCH_REGIONS, benchInstitutionIds, benchInstitutions, benchPersonId, CARRIED_FEN } from './bench-people.ts';
import { readBenchItems, writeBenchConfig } from './bench-service.ts';
import { watchCpu } from './process-cpu.ts';
import { median, type Report } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { benchDate } from './world.ts';

const LINES_PER_BILL = 10;
/** Few enough that persons come several times and are met beyond their deductible. */
const PERSONS = 600;
const BILLS = 3_000;
const ROUNDS = 5;
const CHUNK = 100;

interface Prepared {
  readonly command: BillCommand;
  readonly persons: ReadonlyMap<string, PersonState>;
  readonly judgement: Judgement;
}

function persons(): Map<string, PersonState> {
  return new Map(
    Array.from({ length: PERSONS }, (_, index) => {
      const id = benchPersonId(index);
      const { person } = samplePerson(id, { homeRegion: BENCH_REGIONS[index % 3] ?? '' });
      return [id, { person, accounts: { current: 0, carried: CARRIED_FEN, family: 0 }, accumulators: {} }];
    }),
  );
}

/** Bills with the state that each finds, as if they had been settled one after the other. */
function prepareBills(config: Config, configDir: string, institutions: number): Prepared[] {
  const { rulebook } = config.rules;
  const today = benchDate();
  const nextBill = createBills(
    {
      institutions: benchInstitutions(benchInstitutionIds(institutions)),
      items: readBenchItems(configDir),
      persons: PERSONS,
      visitDate: today,
      linesPerBill: LINES_PER_BILL,
    },
    'A',
    1,
  );
  const states = persons();
  return Array.from({ length: BILLS }, () => {
    const draft = JSON.parse(nextBill()) as DraftBill;
    const institution = config.institutions.get(draft.institutionId);
    const state = states.get(draft.personId);
    invariant(institution !== undefined && state !== undefined, 'bills of the bench name what there is');
    const { command, problems } = receiveBill(draft, institution, today);
    invariant(problems.length === 0, 'bills of the bench have no problems');
    const found = new Map([[draft.personId, state]]);
    const judgement = judgeBill(command, (id) => found.get(id), rulebook, Date.now());
    if (judgement.kind !== 'judged') throw new Error(`a bill of the bench was refused: ${JSON.stringify(judgement)}`);
    const { verdict } = judgement;
    states.set(draft.personId, {
      ...state,
      accumulators: applyChanges(state.accumulators, verdict.accumulators),
      accounts: { ...state.accounts, carried: state.accounts.carried - verdict.accounts.carried },
    });
    return { command, persons: found, judgement };
  });
}

/** What one bill takes. On a machine that others use, the wall clock also shows how long we waited for a core. */
interface Micros {
  readonly cpu: number;
  readonly wall: number;
}

/** Microseconds for one bill, over and over for some seconds. */
function measure(bills: readonly Prepared[], seconds: number, work: (bill: Prepared) => void): Micros {
  const startedAt = performance.now();
  const cpuBefore = process.threadCpuUsage();
  const until = startedAt + seconds * 1000;
  let done = 0;
  // The clock is asked now and then only: asking it for each bill would be part of the figure.
  while (performance.now() < until) {
    for (let step = 0; step < CHUNK; step++) work(bills[done++ % bills.length]!);
  }
  const { user, system } = process.threadCpuUsage(cpuBefore);
  return { cpu: (user + system) / done, wall: ((performance.now() - startedAt) * 1000) / done };
}

/** Adjudication alone on one thread, with its full trace, under the shipped policies. */
export async function benchAdjudicate({ options, say }: BenchContext): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-adjudicate-'));
  try {
    writeBenchConfig(folder, benchInstitutionIds(options.institutions));
    const loaded = loadConfig(folder);
    if (!loaded.ok) throw new Error('the rules of the bench do not load');
    const { rulebook } = loaded.config.rules;
    const bills = prepareBills(loaded.config, folder, options.institutions);
    const now = Date.now();

    // Everything that is measured is also looked at, or the engine might leave it out.
    let funds = 0;
    const works: Record<string, (bill: Prepared) => void> = {
      adjudicate({ judgement: { facts } }) {
        const verdict = adjudicate(facts, rulebook);
        if (verdict.kind === 'rejection' || verdict.total !== verdict.fundTotal + verdict.personTotal) {
          throw new Error('a verdict does not add up');
        }
        if (verdict.trace.length === 0) throw new Error('a verdict without its trace');
        funds += verdict.fundTotal;
      },
      'with facts and document, as settling does'({ command, persons: found }) {
        const judged = judgeBill(command, (id) => found.get(id), rulebook, now);
        if (judged.kind !== 'judged') throw new Error('a bill was refused');
        const { facts, person, verdict } = judged;
        const { bill, institution, accumulators, accounts } = facts;
        const { familyPayer } = command;
        funds += encodeDocument({ bill, institution, person, familyPayer, accumulators, accounts, verdict }).length;
      },
    };
    const micros: Record<string, Micros[]> = {};
    const used = watchCpu({});
    for (const [name, work] of Object.entries(works)) {
      say(name);
      measure(bills, 1, work);
      micros[name] = Array.from({ length: ROUNDS }, () => measure(bills, options.seconds / ROUNDS, work));
    }
    const { othersCores } = used();
    if (funds <= 0) throw new Error('no fund paid anything');
    const paid = bills.filter(({ judgement }) => judgement.verdict.fundTotal > 0).length;
    return {
      scenario: `adjudicate, ten lines, full trace, one thread (medians of ${ROUNDS})`,
      rows: Object.entries(micros).map(([work, times]) => ({
        work,
        'CPU us': median(times.map(({ cpu }) => cpu)).toFixed(1),
        'us by the clock': median(times.map(({ wall }) => wall)).toFixed(1),
        'per second and core': Math.round(1e6 / median(times.map(({ cpu }) => cpu))),
        'others cores': othersCores.toFixed(2),
      })),
      notes: [`valid: every verdict adds up and has its trace; a fund pays in ${paid} of ${BILLS} bills`],
      figures: { micros, othersCores },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
