import { shanghaiDate } from '../../src/platform/clock.ts';
import type { StatementLife } from '../../src/app/lifecycle/ports.ts';
import type { StatementState } from '../../src/core/lifecycle/statement-states.ts';
import type { Chance } from '../../src/simulators/chance.ts';
import { COUNTIES } from '../support/traffic.ts';
import type { Storm, StormAct } from './storm-world.ts';
import type { Office } from './storm-office.ts';

const UNCONFIRMED: readonly StatementState[] = ['issued', 'homeConfirmed', 'treatmentConfirmed'];
const ALL: readonly StatementState[] = [...UNCONFIRMED, 'confirmed', 'instructed', 'paid'];
const EVERYTHING = { limit: 100_000 };
const DAY_MS = 24 * 3_600_000;

async function anyStatement(
  { database, answered }: Office,
  chance: Chance,
  states: readonly StatementState[],
): Promise<StatementLife | undefined> {
  const statements = await answered(() => database.lifeQueries.statements(states, EVERYTHING));
  return statements.length === 0 ? undefined : chance.pick(statements);
}

async function confirm({ act }: Office, { statementId: id, owed, disputed }: StatementLife, desk: string) {
  await act({ kind: 'statement', id }, { act: 'confirm', payable: owed - disputed }, desk);
}

async function confirmSome({ office }: Storm, chance: Chance): Promise<void> {
  const statement = await anyStatement(office, chance, UNCONFIRMED);
  if (statement === undefined) return;
  const desks = [statement.homeRegion, statement.treatmentRegion];
  for (const desk of chance.hits(700) ? desks : [chance.pick(desks)]) await confirm(office, statement, desk);
}

async function withdraw({ office }: Storm, chance: Chance): Promise<void> {
  const statement = await anyStatement(office, chance, ALL);
  if (statement === undefined) return;
  const desk = chance.pick([statement.homeRegion, statement.treatmentRegion]);
  await office.act({ kind: 'statement', id: statement.statementId }, { act: 'withdraw', words: 'seen again' }, desk);
}

async function object({ office }: Storm, chance: Chance): Promise<void> {
  const statement = await anyStatement(office, chance, ALL);
  if (statement === undefined) return;
  const { statementId: id, windowId, homeRegion, treatmentRegion } = statement;
  const items = await office.answered(() =>
    office.database.clearingStore.items(windowId, homeRegion, treatmentRegion, '', 300),
  );
  const some = chance.pickSome(items, chance.between(1, 3));
  if (some.length === 0) return;
  const subject = { kind: 'statement', id } as const;
  if (chance.hits(600)) await office.act(subject, { act: 'withdraw', words: 'to object' }, homeRegion);
  const about = { reason: 'amount', words: 'too much' } as const;
  const act = { act: 'object', items: some.map(({ settlementId }) => ({ settlementId, ...about })) } as const;
  await office.act(subject, act, homeRegion);
}

async function decide({ office }: Storm, chance: Chance): Promise<void> {
  const open = await office.answered(() => office.database.lifeQueries.openObjections(EVERYTHING));
  if (open.length === 0) return;
  const { objectionId: id, objected, homeRegion, treatmentRegion } = chance.pick(open);
  const subject = { kind: 'objection', id } as const;
  await office.act(subject, { act: 'answer', accepted: chance.hits(500), words: 'seen' }, treatmentRegion);
  if (chance.hits(200)) return;
  const outcome = chance.pick(['upheld', 'inPart', 'rejected'] as const);
  const amount = outcome === 'inPart' ? chance.between(1, objected) : undefined;
  await office.act(subject, { act: 'decide', outcome, amount, words: 'so' }, homeRegion, ['li', 'sun']);
}

/** Of yesterday, because a clock that is put back makes today a day to come. */
function bankReturn({ clock, newId }: Office, amount: number) {
  return { bank: 'ABC', reference: newId(), valueDate: shanghaiDate(clock.now() - DAY_MS), amount };
}

async function payOne({ office }: Storm, chance: Chance): Promise<void> {
  const unpaid = await office.answered(() => office.database.lifeQueries.payments(undefined, EVERYTHING));
  if (unpaid.length === 0) return;
  const { paymentId: id, payer, amount } = chance.pick(unpaid);
  const subject = { kind: 'payment', id } as const;
  await office.act(subject, { act: 'send' }, payer);
  await office.act(subject, { act: 'return', ...bankReturn(office, amount) }, payer, ['li', 'sun']);
}

async function movePrefund({ office }: Storm, chance: Chance): Promise<void> {
  const [home = '', treatment = ''] = chance.pickSome(COUNTIES, 2);
  const amount = chance.between(1, 9_999_999);
  await office.act(
    { kind: 'prefund', id: `${home}-${treatment}` },
    { act: 'request', amount, words: 'low' },
    treatment,
  );
  for (const request of await office.answered(() => office.database.lifeQueries.requests({ limit: 5 }))) {
    const subject = { kind: 'request', id: request.requestId } as const;
    const granted = chance.hits(800) ? request.amount : 0;
    if (request.state === 'requested')
      await office.act(subject, { act: 'review', granted, words: 'so' }, request.homeRegion);
    if (request.state !== 'reviewed') continue;
    const due = request.granted ?? request.amount;
    const payer = due > 0 ? request.homeRegion : request.treatmentRegion;
    await office.act(subject, { act: 'pay', ...bankReturn(office, Math.abs(due)) }, payer, ['li', 'sun']);
  }
}

/** What the clerks of the counties do while their counters settle. */
export const CLERK_ACTS: readonly StormAct[] = [
  { name: 'clerks confirm', perMille: 500, run: confirmSome },
  { name: 'clerks withdraw', perMille: 120, run: withdraw },
  { name: 'clerks object', perMille: 350, run: object },
  { name: 'clerks decide', perMille: 350, run: decide },
  { name: 'clerks pay', perMille: 250, run: payOne },
  { name: 'clerks move a prefund', perMille: 80, run: movePrefund },
];

/** Decides whatever is still disputed, so that nothing waits for anybody. */
export async function decideAll(storm: Storm, chance: Chance): Promise<void> {
  const { office } = storm;
  for (const { objectionId: id, homeRegion, treatmentRegion } of await office.answered(() =>
    office.database.lifeQueries.openObjections(EVERYTHING),
  )) {
    const subject = { kind: 'objection', id } as const;
    await office.act(subject, { act: 'answer', accepted: true, words: 'seen' }, treatmentRegion);
    const wanted = chance.pick(['upheld', 'rejected'] as const);
    const about = { act: 'decide', amount: undefined, words: 'at last' } as const;
    const isDone = await office.act(subject, { ...about, outcome: wanted }, homeRegion);
    // Of a bill that was reversed meanwhile nothing is left to take off.
    if (!isDone) await office.act(subject, { ...about, outcome: 'rejected' }, homeRegion);
  }
}

/** Confirms all that can be confirmed. */
export async function confirmAll({ office }: Storm): Promise<void> {
  for (const statement of await office.answered(() =>
    office.database.lifeQueries.statements(UNCONFIRMED, EVERYTHING),
  )) {
    const { state, homeRegion, treatmentRegion } = statement;
    if (state !== 'homeConfirmed') await confirm(office, statement, homeRegion);
    if (state !== 'treatmentConfirmed') await confirm(office, statement, treatmentRegion);
  }
}

/** Pays all that is instructed. */
export async function payAll(storm: Storm, chance: Chance): Promise<void> {
  const { office } = storm;
  while ((await office.answered(() => office.database.lifeQueries.payments(undefined, EVERYTHING))).length > 0) {
    await payOne(storm, chance);
  }
}
