import { expect, it } from 'vitest';
import { canBeId, idList, quoted, valuesText } from '../../../src/db/engine/sql-text.ts';

it('quotes what ends or escapes a literal, and nothing else', () => {
  expect(quoted('it\'s "plain" 医保\n')).toBe(`'it\\'s "plain" 医保\n'`);
  expect(quoted('back\\slash\0')).toBe("'back\\\\slash\\0'");
});

it('writes rows of numbers, texts and nulls', () => {
  expect(valuesText([])).toBe('');
  expect(
    valuesText([
      [1, -0, null],
      ["'", -7, ''],
    ]),
  ).toBe("(1,0,NULL),('\\'',-7,'')");
});

it('lists only what can be an id, and something that matches nothing when that is all', () => {
  expect(idList(['a', "b'", '张三', 'c\n'])).toBe("'a','b\\''");
  expect(idList(['张三'])).toBe('NULL');
  expect(idList([])).toBe('NULL');
  expect([canBeId(''), canBeId('H310-1/MZ_2.3'), canBeId('é')]).toEqual([true, true, false]);
});
