import { describe, expect, it } from 'vitest';
import { findAttempt } from '../../../src/app/settlement/idempotency.ts';
import type { StoredSettlement } from '../../../src/app/ports.ts';

function stored(attempt: number, requestKey: string, contentHash: string): StoredSettlement {
  const row = { attempt, requestKey, contentHash } as StoredSettlement['row'];
  return { row, document: '' };
}

describe('findAttempt', () => {
  it.each<[string, StoredSettlement[], string, string, unknown]>([
    ['nothing known', [], '', 'a', { kind: 'new', attempt: 1 }],
    ['same content', [stored(1, '', 'a')], '', 'a', { kind: 'repeat', reversed: false }],
    ['other content', [stored(1, '', 'a')], '', 'b', { kind: 'conflict' }],
    ['another key while the bill is live', [stored(1, '', 'a')], 'k', 'a', { kind: 'conflict' }],
    [
      'a late duplicate of a reversed bill',
      [stored(1, '', 'a'), stored(-1, '', 'r')],
      '',
      'a',
      { kind: 'repeat', reversed: true },
    ],
    ['a new key after a reversal', [stored(1, '', 'a'), stored(-1, '', 'r')], 'k', 'b', { kind: 'new', attempt: 2 }],
    [
      'a repeat of the second attempt',
      [stored(1, '', 'a'), stored(-1, '', 'r'), stored(2, 'k', 'b')],
      'k',
      'b',
      { kind: 'repeat', reversed: false },
    ],
    [
      'a third attempt while the second is live',
      [stored(1, '', 'a'), stored(-1, '', 'r'), stored(2, 'k', 'b')],
      'm',
      'b',
      { kind: 'conflict' },
    ],
  ])('%s', (_name, known, requestKey, contentHash, expected) => {
    expect(findAttempt(known, requestKey, contentHash)).toMatchObject(expected as object);
  });
});
