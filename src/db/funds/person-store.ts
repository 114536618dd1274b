import type { Knex } from 'knex';
import type { PersonImport, PersonStore } from '../../app/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { personStates, personValues } from '../settlement/settlement-rows.ts';
import { canBeId } from '../engine/sql-text.ts';
import type { Row } from '../engine/raw-rows.ts';

const PERSON = { key: ['person_id'], columns: ['home_region', 'scheme', 'name', 'facts'] };
const ACCOUNT = { key: ['person_id'], columns: ['current_fen', 'carried_fen'] };
const ACCUMULATOR = { key: ['person_id', 'bucket'], columns: ['amounts'] };

function recordsOf({ person, accounts, accumulators }: PersonImport) {
  const [person_id, home_region, scheme, name, facts] = personValues(person);
  const { current, carried } = accounts;
  const numbers = [current, carried, ...Object.values(accumulators).flatMap((amounts) => Object.values(amounts))];
  invariant(numbers.every(Number.isSafeInteger), 'balances and accumulators are integers');
  return {
    person: { person_id, home_region, scheme, name, facts },
    account: { person_id, current_fen: current, carried_fen: carried },
    accumulators: Object.entries(accumulators).map(([bucket, amounts]) => ({
      person_id,
      bucket,
      amounts: JSON.stringify(amounts),
      raises: 0,
    })),
  };
}

export function createPersonStore(knex: Knex): PersonStore {
  return {
    async importPersons(persons, copiedAtMs) {
      // In the order in which settling locks them.
      const sorted = [...persons].sort((left, right) => (left.person.id < right.person.id ? -1 : 1)).map(recordsOf);
      await inTransaction(knex, async (transaction) => {
        await insertRows(
          transaction,
          'person',
          sorted.map(({ person }) => (copiedAtMs === undefined ? person : { ...person, copied_at_ms: copiedAtMs })),
          copiedAtMs === undefined ? PERSON : { ...PERSON, columns: [...PERSON.columns, 'copied_at_ms'] },
        );
        await insertRows(
          transaction,
          'account',
          sorted.map(({ account }) => account),
          ACCOUNT,
        );
        await insertRows(
          transaction,
          'accumulator',
          sorted.flatMap(({ accumulators }) => accumulators),
          ACCUMULATOR,
        );
      });
    },

    async find(personId) {
      if (!canBeId(personId)) return undefined;
      const persons = await knex<Row>('person')
        .join('account', 'account.person_id', 'person.person_id')
        .where('person.person_id', personId)
        .select('person.*', 'current_fen', 'carried_fen');
      const accumulators = await knex<Row>('accumulator').where('person_id', personId).select('*');
      return personStates(persons as Row[], accumulators).get(personId);
    },

    async count() {
      const [row] = await knex('person').count<{ persons: unknown }[]>({ persons: '*' });
      return exactInteger(row?.persons);
    },
  };
}
