import { join } from 'node:path';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { expect, it } from 'vitest';
import type { Act, Subject } from '../../src/app/lifecycle/ports.ts';
import type { SettlementRow, StoredSettlement } from '../../src/app/ports.ts';
import { dayOfMonth, monthOf, shiftMonth } from '../../src/core/calendar.ts';
import { connectSqlite } from '../../src/db/engine/connect.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { AppError } from '../../src/platform/errors.ts';
import { FIRST_DATE, freshPlace } from '../support/databases.ts';
import { lifeOf, REGIONS, type Life } from '../support/life.ts';

const LONG = process.env['STORM'] === '1';
const EVERYTHING = { limit: 100_000 };

interface Bill {
  readonly settlement: StoredSettlement;
  reversed: boolean;
}

/** What was done, told by the one who did it: the engine's tables are held against this. */
interface Model {
  readonly bills: Bill[];
}

interface Real {
  readonly life: Life;
  readonly database: Database;
  readonly knex: Knex;
}

type Row = Readonly<Record<string, number | string | null>>;

const owedOf = ({ row }: StoredSettlement): number => row.fundTotal + row.account;

/** Runs something that may be refused by law; anything else fails the test. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return false;
    throw error;
  }
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)];

/** What the tables say, pair by pair and county by county, must be what the bills, decisions and payments come to. */
async function checkBooks({ knex }: Real, { bills }: Model): Promise<void> {
  const read = async (sql: string): Promise<Row[]> => knex.raw<Row[]>(sql);
  expect(await read('SELECT entry_id FROM posting GROUP BY entry_id, book HAVING SUM(amount_fen) <> 0')).toEqual([]);
  const [statements, objections, adjustments, payments, postings] = await Promise.all([
    read('SELECT * FROM clearing_statement'),
    read('SELECT * FROM objection'),
    read('SELECT * FROM clearing_adjustment'),
    read('SELECT * FROM payment'),
    read('SELECT book, account, party, SUM(amount_fen) AS fen FROM posting GROUP BY book, account, party'),
  ]);
  const issued = new Set(
    (await read("SELECT window_id FROM clearing_window WHERE state <> 'open'")).map((w) => w['window_id']),
  );
  const balance = (book: string, account: string, party: string): number =>
    Number(postings.find((p) => p['book'] === book && p['account'] === account && p['party'] === party)?.['fen'] ?? 0);
  const sum = (rows: readonly Row[], column: string): number => rows.reduce((all, row) => all + Number(row[column]), 0);

  for (const home of REGIONS) {
    for (const treatment of REGIONS) {
      if (home === treatment) continue;
      const ofPair = (row: Row) => row['home_region'] === home && row['treatment_region'] === treatment;
      const own = bills.filter(
        ({ settlement: { row } }) => row.homeRegion === home && row.treatmentRegion === treatment,
      );
      const settled = own.reduce((all, { settlement, reversed }) => all + (reversed ? 0 : owedOf(settlement)), 0);
      const standing = objections.filter((o) => ofPair(o) && o['undone_at_ms'] === null);
      const stated = statements.filter(ofPair);
      const payable = sum(stated, 'owed_fen') - sum(stated, 'disputed_fen');
      const inPayment = stated.filter(({ state }) => state === 'instructed' || state === 'paid');
      const open = adjustments.filter((a) => ofPair(a) && !issued.has(a['window_id']));
      const openBills = (
        await read(`SELECT COALESCE(SUM(fund_total_fen + account_fen), 0) AS fen FROM settlement s
        JOIN open_window o ON o.window_id = s.window_id WHERE home_region = '${home}' AND treatment_region = '${treatment}'`)
      )[0];
      const held = standing.filter((o) => o['held'] === 1 && o['state'] !== 'decided');
      const unreversedTwice = standing.filter((o) =>
        own.some(({ settlement, reversed }) => reversed && settlement.row.settlementId === o['settlement_id']),
      );

      // Σ settled = Σ stated and payable + what is disputed + what was deducted + what waits in the open window.
      expect(settled, 'no fen is lost on the way').toBe(
        payable +
          sum(held, 'objected_fen') +
          sum(standing, 'deducted_fen') +
          sum(open, 'amount_fen') +
          Number(openBills!['fen']),
      );
      const transfers = payments.filter(
        (p) => p['payer'] === home && p['payee'] === treatment && p['state'] !== 'paid',
      );
      const due =
        settled - sum(standing, 'deducted_fen') - (sum(inPayment, 'owed_fen') - sum(inPayment, 'disputed_fen'));
      expect(balance(home, 'dueTo', treatment), 'the ledger owes what is not in payment').toBe(
        0 - due - sum(transfers, 'amount_fen'),
      );
      expect(balance(treatment, 'dueFrom', home)).toBe(0 - balance(home, 'dueTo', treatment));
      expect(unreversedTwice.every((o) => Number(o['deducted_fen']) >= 0)).toBe(true);
    }
  }
  for (const run of new Set(payments.map((p) => p['run_id']))) {
    for (const region of REGIONS) {
      const inRun = statements.filter((s) => s['run_id'] === run);
      const net = inRun.reduce((all, s) => {
        const amount = Number(s['owed_fen']) - Number(s['disputed_fen']);
        return all + (s['treatment_region'] === region ? amount : 0) - (s['home_region'] === region ? amount : 0);
      }, 0);
      const moved = payments
        .filter((p) => p['run_id'] === run)
        .reduce(
          (all, p) => all + (p['payee'] === region ? 1 : p['payer'] === region ? -1 : 0) * Number(p['amount_fen']),
          0,
        );
      expect(moved, 'a run pays what its statements come to, once').toBe(net);
    }
  }
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, at: number, run: (model: Model, real: Real) => Promise<unknown>): Command {
  return {
    check: () => true,
    async run(model, real) {
      await run(model, real);
      await checkBooks(real, model);
    },
    toString: () => `${name}(${at})`,
  };
}

/** Amounts that differ, also between the funds, so that nothing comes out right by chance. */
function amounts(at: number): Partial<SettlementRow> {
  const funds = {
    pool: 1_000 + at,
    largeCost: at % 3 === 0 ? 77 : 0,
    seriousIllness: at % 501,
    civilServant: 0,
    medicalAid: at % 7,
  };
  const fundTotal = Object.values(funds).reduce((sum, each) => sum + each, 0);
  const account = at % 97;
  const total = fundTotal + account + 500;
  const split = { total, fullSelfPay: 500, overLimit: 0, firstSelfPay: 0, eligible: total - 500 };
  return { ...split, funds, fundTotal, personTotal: total - fundTotal, account, cash: 500 };
}

const settle = (at: number) =>
  command('settle', at, async ({ bills }, { life }) => {
    const home = REGIONS[at % 3]!;
    const away = REGIONS[(at + 1 + (at % 2)) % 3]!;
    const pair = { homeRegion: home, treatmentRegion: away, institutionId: `H${away}00001` };
    bills.push({ settlement: await life.settle({ ...pair, ...amounts(at) }), reversed: false });
  });

const reverse = (at: number) =>
  command('reverse', at, async ({ bills }, { life }) => {
    const bill = pick(
      bills.filter(({ reversed }) => !reversed),
      at,
    );
    if (bill === undefined) return;
    await life.reverse(bill.settlement);
    bill.reversed = true;
    await life.undo();
  });

const clear = (at: number) => command('clear', at, (_, { life }) => life.clear());

async function anyStatement({ database }: Real, at: number) {
  const states = ['issued', 'homeConfirmed', 'treatmentConfirmed', 'confirmed', 'instructed', 'paid'] as const;
  return pick(await database.lifeQueries.statements(states, EVERYTHING), at);
}

const confirm = (at: number) =>
  command('confirm', at, async (_, real) => {
    const statement = await anyStatement(real, at >> 1);
    if (statement === undefined) return;
    await attempt(() =>
      real.life.confirm(statement.statementId, at % 2 === 0 ? statement.homeRegion : statement.treatmentRegion),
    );
  });

const withdraw = (at: number) =>
  command('withdraw', at, async (_, real) => {
    const statement = await anyStatement(real, at >> 1);
    if (statement === undefined) return;
    const subject = { kind: 'statement', id: statement.statementId } as const;
    const desk = at % 2 === 0 ? statement.homeRegion : statement.treatmentRegion;
    await attempt(() => real.life.act(subject, { act: 'withdraw', words: 'so' }, desk));
  });

const object = (at: number) =>
  command('object', at, async ({ bills }, { life, database }) => {
    const bill = pick(bills, at);
    if (bill === undefined) return;
    const { settlementId, homeRegion, treatmentRegion, windowId } = bill.settlement.row;
    const id = `${windowId}-${homeRegion}-${treatmentRegion}`;
    if ((await database.lifeQueries.statement(id)) === undefined) return;
    const items = [{ settlementId, reason: 'amount', words: 'too much' }] as const;
    const subject = { kind: 'statement', id } as const;
    if (at % 3 > 0) await attempt(() => life.act(subject, { act: 'withdraw', words: 'to object' }, homeRegion));
    await attempt(() => life.act(subject, { act: 'object', items }, homeRegion));
  });

const decide = (at: number) =>
  command('decide', at, async (_, { life, database }) => {
    const objection = pick(await database.lifeQueries.openObjections(EVERYTHING), at);
    if (objection === undefined) return;
    const subject: Subject = { kind: 'objection', id: objection.objectionId };
    const answer: Act = { act: 'answer', accepted: at % 2 === 0, words: 'seen' };
    await attempt(() => life.act(subject, answer, objection.treatmentRegion));
    if (at % 5 === 0) return;
    const outcome = (['upheld', 'inPart', 'rejected'] as const)[at % 3]!;
    const amount = outcome === 'inPart' ? (at % objection.objected) + 1 : undefined;
    await attempt(() => life.act(subject, { act: 'decide', outcome, amount, words: 'so' }, objection.homeRegion));
  });

const instruct = (at: number) =>
  command('instruct', at, async (_, { life, database }) => {
    const open = await database.clearingStore.openWindow();
    const month = monthOf(open.businessDate);
    // The month is over when its payments are instructed: its last windows are cleared first.
    while ((await database.clearingStore.openWindow()).businessDate.startsWith(month)) await life.clear();
    life.at(dayOfMonth(shiftMonth(month, 1), 31));
    await Promise.all([life.instruct(month), attempt(() => life.instruct(month))]);
  });

let references = 0;

const payOne = (at: number) =>
  command('pay', at, async (_, { life, database }) => {
    const payment = pick(await database.lifeQueries.payments(undefined, EVERYTHING), at);
    if (payment === undefined) return;
    const subject: Subject = { kind: 'payment', id: payment.paymentId };
    await attempt(() => life.act(subject, { act: 'send' }, payment.payer));
    references += 1;
    const { valueDate, bank } = { valueDate: payment.runId + '-01', bank: 'ABC' };
    const back: Act = { act: 'return', bank, reference: `R${references}`, valueDate, amount: payment.amount };
    const { proposal } = await life.make(subject, back, payment.payer);
    // Two who check at once: it is paid once.
    await Promise.all(['li', 'sun'].map((who) => attempt(() => life.approve(proposal.proposalId, payment.payer, who))));
  });

/** Brings everything to its end, whatever happened: what is disputed must not keep the rest from being paid. */
async function finish(model: Model, real: Real): Promise<void> {
  const { life, database } = real;
  await life.clear();
  for (const { statementId, state, homeRegion, treatmentRegion } of await database.lifeQueries.statements(
    ['issued', 'homeConfirmed', 'treatmentConfirmed'],
    EVERYTHING,
  )) {
    if (state !== 'homeConfirmed') await life.confirm(statementId, homeRegion);
    if (state !== 'treatmentConfirmed') await life.confirm(statementId, treatmentRegion);
  }
  await instruct(0).run(model, real);
  while ((await database.lifeQueries.payments(undefined, EVERYTHING)).length > 0) await payOne(0).run(model, real);
}

it(
  'no path loses a fen or pays one twice, and no dispute holds up what is not disputed',
  { timeout: 600_000 },
  async () => {
    const at = fc.nat(100_000);
    const commands = fc.commands(
      [
        settle,
        settle,
        settle,
        reverse,
        clear,
        confirm,
        confirm,
        withdraw,
        object,
        object,
        decide,
        instruct,
        payOne,
      ].map((make) => at.map(make)),
      { maxCommands: LONG ? 120 : 40, size: 'max' },
    );
    const property = fc.asyncProperty(commands, async (list) => {
      const place = await freshPlace('sqlite');
      const database = await openDatabase(place);
      const knex = connectSqlite(join(place.dataDir, 'tongjie.sqlite'));
      try {
        await database.migrate();
        await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
        const real: Real = { life: lifeOf(database), database, knex };
        const model: Model = { bills: [] };
        await fc.asyncModelRun(() => ({ model, real }), list);

        await finish(model, real);
        const disputed = await database.lifeQueries.openObjections(EVERYTHING);
        const unpaid = await database.lifeQueries.statements(['issued', 'confirmed', 'instructed'], EVERYTHING);
        expect(unpaid, 'all that is not disputed is paid, with disputes open').toEqual([]);
        for (let index = 0; index < disputed.length; index++) await decide(1).run(model, real);
        for (const { objectionId, homeRegion } of await database.lifeQueries.openObjections(EVERYTHING)) {
          const subject: Subject = { kind: 'objection', id: objectionId };
          await real.life.act(
            subject,
            { act: 'decide', outcome: 'rejected', amount: undefined, words: '' },
            homeRegion,
          );
        }
        await finish(model, real);
        expect(await database.lifeQueries.openObjections(EVERYTHING)).toEqual([]);
        const due = await knex.raw<Row[]>(
          "SELECT book, party, SUM(amount_fen) AS fen FROM posting WHERE account IN ('dueTo', 'dueFrom') GROUP BY book, party HAVING SUM(amount_fen) <> 0",
        );
        expect(due, 'in the end nobody owes anybody anything').toEqual([]);
        const windows = await database.clearingStore.windows(9_999);
        expect(windows.filter(({ state }) => state !== 'paid' && state !== 'open')).toEqual([]);
      } finally {
        await knex.destroy();
        await database.close();
        place.remove();
      }
    });
    await fc.assert(property, { numRuns: LONG ? 40 : 6, endOnFailure: true });
  },
);
