import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SqlBytes } from '../../../src/db/engine/sql-bytes.ts';
import { quoted, type SqlValue } from '../../../src/db/engine/sql-text.ts';

it('writes rows of numbers, texts and nulls', () => {
  const statements = new SqlBytes();
  statements.add('VALUES');
  statements.addRows([
    [1, -0, null],
    ["'", -7, '院'],
  ]);
  statements.addRows([]);
  expect(statements.take().toString()).toBe("VALUES(1,0,NULL),('\\'',-7,'院')");
  expect(statements.take()).toHaveLength(0);
});

it('writes what a string of the same rows would be, however long its texts', () => {
  const statements = new SqlBytes();
  const long = fc
    .tuple(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 400 }))
    .map(([of, n]) => of.repeat(n));
  const value: fc.Arbitrary<SqlValue> = fc.oneof(fc.string(), long, fc.maxSafeInteger(), fc.constant(null));
  const literal = (of: SqlValue) => (typeof of === 'string' ? quoted(of) : of === null ? 'NULL' : String(of));
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 5 }), { maxLength: 6 }), (rows) => {
      statements.add('前');
      statements.addRows(rows);
      const text = rows.map((row) => `(${row.map(literal).join(',')})`).join(',');
      expect(statements.take().toString()).toBe(`前${text.toWellFormed()}`);
    }),
  );
});

it('grows with what it is given', () => {
  const statements = new SqlBytes();
  const megabytes = '医'.repeat(1_500_000);
  statements.addRows([[megabytes], [megabytes]]);
  expect(statements.take().toString()).toBe(`('${megabytes}'),('${megabytes}')`);
});
