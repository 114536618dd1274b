import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { actOnCase, PLAIN_ACTIONS } from '../../../src/app/casework/act-on-case.ts';
import { addMaterial } from '../../../src/app/casework/add-material.ts';
import type { CaseworkDeps } from '../../../src/app/casework/case-deps.ts';
import { decideCase } from '../../../src/app/casework/decide-case.ts';
import { openCase } from '../../../src/app/casework/open-case.ts';
import { payCase } from '../../../src/app/casework/pay-case.ts';
import type { CaseActor, CaseFile, CaseRecord } from '../../../src/app/casework/ports.ts';
import { actionsFor } from '../../../src/app/casework/change-case.ts';
import { verifyItem } from '../../../src/app/casework/verify-item.ts';
import {
  CASE_ACTIONS,
  CASE_OUTCOMES,
  DECISION_ACTIONS,
  type CaseAction,
} from '../../../src/core/lifecycle/case-states.ts';
import { connectMysql, connectSqlite } from '../../../src/db/engine/connect.ts';
import { parseMysqlAddress } from '../../../src/db/engine/mysql-address.ts';
import { openDatabase } from '../../../src/db/open-database.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { caseworkDeps, openCommand } from '../../support/casework-deps.ts';
import { freshPlace, FIRST_DATE } from '../../support/databases.ts';
import { sampleFile } from '../../support/material-files.ts';
import { createChance, type Chance } from '../../../src/simulators/chance.ts';

const CLAIMED = 10_000;
const CLERKS = [
  { id: 'zhao', region: '330421' },
  { id: 'qian', region: '330421' },
  { id: 'wang', region: '320509' },
  { id: 'li', region: '320509' },
  { id: 'sun', region: '310118' },
  { id: 'engine', region: undefined },
];
const LAWFUL_REFUSALS = new Set([
  'NOT_FOUND',
  'CASE_CHANGED',
  'WRONG_CASE_STATE',
  'OTHER_COUNTYS_STEP',
  'MATERIALS_LACKING',
  'SAME_CLERK',
  'INVALID_INPUT',
  'NOTHING_TO_VERIFY',
]);

async function* pdf() {
  yield sampleFile('application/pdf');
}

/** What a clerk tries: half of the time something that they can do, or else anything. Few cases are withdrawn. */
function choose(actor: CaseActor, record: CaseRecord, chance: Chance): CaseAction {
  const possible = actionsFor(actor, record);
  const from = possible.length > 0 && chance.hits(500) ? possible : CASE_ACTIONS;
  const action = chance.pick(from);
  return action === 'withdraw' && !chance.hits(50) ? 'addMaterial' : action;
}

/** Tries it, with the version as the clerk last saw it. */
async function trySomething(deps: CaseworkDeps, record: CaseRecord, chance: Chance): Promise<unknown> {
  const { caseId, version } = record;
  const actor = chance.pick(CLERKS);
  const action = choose(actor, record, chance);
  const step = { caseId, version, actor, note: '' };
  const plain = PLAIN_ACTIONS.find((each) => each === action);
  if (plain !== undefined) return actOnCase(deps, { ...step, action: plain });
  if (action === 'pay') return payCase(deps, { ...step, reference: 'B' });
  const outcome = CASE_OUTCOMES.find((each) => DECISION_ACTIONS[each] === action);
  if (outcome !== undefined) {
    const pool = { granted: CLAIMED, grantedInPart: 1 + chance.below(CLAIMED - 1), refused: 0 }[outcome];
    const funds = { pool, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
    return decideCase(deps, { ...step, outcome, funds });
  }
  if (action !== 'addMaterial') return verifyItem(deps, { ...step, itemId: 'card', isVerified: action === 'verify' });
  return addMaterial(deps, { ...step, itemId: 'card', name: 'x', mediaType: 'application/pdf', content: pdf() });
}

function holdHistory({ record, events }: CaseFile): void {
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: record.version }, (_, at) => at + 1));
  for (const [at, { from }] of events.entries()) expect(from).toBe(events[at - 1]?.to);
  expect(events.at(-1)?.to).toBe(record.state);
  const times = (...actions: string[]) => events.filter(({ action }) => actions.includes(action)).length;
  expect(times('grant', 'grantInPart', 'refuse')).toBeLessThanOrEqual(1);
  expect(times('pay')).toBeLessThanOrEqual(1);
  for (const { region } of events) expect([record.openingRegion, record.decidingRegion, undefined]).toContain(region);
}

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe.each(['sqlite', 'mariadb'] as const)(`clerks at once, seed ${seed}, on %s`, (engine) => {
  it('leave every case with a whole history, decided once, and the ledger in step', async () => {
    const place = await freshPlace(engine);
    const database = await openDatabase(place);
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    const { url, dataDir } = place;
    const knex =
      url === undefined ? connectSqlite(join(dataDir, 'tongjie.sqlite')) : connectMysql(parseMysqlAddress(url));
    onTestFinished(async () => {
      await knex.destroy();
      await database.close();
      place.remove();
    });
    const sums = async (caseId: string): Promise<Record<string, number>> => {
      const rows = await knex('posting')
        .join('journal_entry', 'journal_entry.entry_id', 'posting.entry_id')
        .where('journal_entry.subject_id', caseId)
        .groupBy('account')
        .select('account')
        .sum({ amount: 'amount_fen' });
      return Object.fromEntries(
        (rows as { account: string; amount: unknown }[]).map((row) => [row.account, Number(row.amount)]),
      );
    };

    const deps = caseworkDeps(database, Date.UTC(2026, 10, 24, 2));
    const chance = createChance(seed);
    const ids: string[] = [];
    for (let at = 0; at < 12; at += 1) {
      const serviceForm = at % 2 === 0 ? 'authorised' : 'collectedOnBehalf';
      ids.push(
        (await openCase(deps, openCommand({ subjectId: `s${at}`, serviceForm, claimed: CLAIMED }))).record.caseId,
      );
    }
    const refusals = new Map<string, number>();
    for (let round = 0; round < 60; round += 1) {
      const records = await Promise.all(ids.map((caseId) => deps.cases.byId(caseId)));
      const tries = records.flatMap((record) => [0, 1, 2].map(() => trySomething(deps, record!, chance)));
      for (const tried of await Promise.allSettled(tries)) {
        if (tried.status === 'fulfilled') continue;
        const { reason } = tried as { reason: unknown };
        if (!(reason instanceof AppError) || !LAWFUL_REFUSALS.has(reason.code)) throw reason;
        refusals.set(reason.code, (refusals.get(reason.code) ?? 0) + 1);
      }
    }

    const states = new Set<string>();
    for (const caseId of ids) {
      const file = (await deps.cases.file(caseId))!;
      const { record } = file;
      holdHistory(file);
      states.add(record.state);
      const isPaid = file.events.some(({ action }) => action === 'pay');
      const owed = isPaid ? 0 : -record.granted;
      const expected = {
        'expense.pool': record.granted,
        personPayable: owed,
        ...(isPaid && { bank: -record.granted }),
      };
      expect(await sums(caseId)).toEqual(record.granted === 0 ? {} : expected);
    }
    expect(await database.settlementQueries.unbalanced()).toEqual([]);
    // The storm was one: writers met, and cases moved.
    expect(refusals.get('CASE_CHANGED')).toBeGreaterThan(0);
    expect([...states].some((state) => ['paid', 'closed'].includes(state))).toBe(true);
  });
});
