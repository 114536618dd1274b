import { describe, expect, it } from 'vitest';
import { createIdSource } from '../../src/platform/ids.ts';

describe('id source', () => {
  it('gives ids of 18 characters that rise, also within a millisecond and when the clock goes back', () => {
    const times = [1000, 1000, 1001, 999, 999, 2000];
    const next = createIdSource(() => times.shift() ?? 3000);
    const ids = Array.from({ length: 8 }, () => next());
    expect(ids.every((id) => /^[0-9a-hjkmnp-tv-z]{18}$/.test(id))).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('goes on without repeating when the clock stands still for more ids than a millisecond has', () => {
    const next = createIdSource(() => 5000);
    let last = next();
    for (let made = 1; made < 32 ** 4 + 3; made++) {
      const id = next();
      if (id <= last) throw new Error(`${id} does not rise over ${last}`);
      last = id;
    }
  });

  it('differs between processes that make ids in the same millisecond', () => {
    const sources = Array.from({ length: 20 }, () => createIdSource(() => 5000));
    expect(new Set(sources.map((next) => next())).size).toBe(20);
  });
});
