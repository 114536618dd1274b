import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateJsonError } from '../../src/http/locate-json-error.ts';

describe('where a text stops being JSON', () => {
  it.each([
    ['', 1, 1],
    ['nul', 1, 1],
    ['{"a": 1,}', 1, 9],
    ['{"a" 1}', 1, 6],
    ['{"a": 01}', 1, 7],
    ['{"a": 1.}', 1, 7],
    ['[1, 2', 1, 6],
    ['[1 2]', 1, 4],
    ['[1]]', 1, 4],
    ['{"a": "b\n"}', 1, 7],
    ["{'a': 1}", 1, 2],
    ['{\n  "a": [1,\n    tru]\n}', 3, 5],
    ['{"a": "\\x"}', 1, 7],
    ['{"a"]', 1, 5],
    ['[}', 1, 2],
  ])('is found in %j', (text, line, column) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(locateJsonError(text)).toEqual({ line, column });
  });

  it('lies behind all that is JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n'), (json, space) => {
        const { line, column } = locateJsonError(`${json}${space}?`);
        const lines = `${json}${space}`.split('\n');
        expect([line, column]).toEqual([lines.length, lines.at(-1)!.length + 1]);
      }),
    );
  });
});
