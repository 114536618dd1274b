import { describe, expect, it } from 'vitest';
import { displayWidth, groupThousands, renderTable } from '../../src/cli/terminal-table.ts';

describe('a table in a terminal', () => {
  it('counts Chinese characters and full-width signs as two', () => {
    expect(displayWidth('net')).toBe(3);
    expect(displayWidth('轧差 net')).toBe(8);
    expect(displayWidth('\uff0812\uff09')).toBe(6);
  });

  it('lines up figures on the right, whatever the words are', () => {
    const lines = renderTable(
      [
        { title: '县区', align: 'left' },
        { title: 'net', align: 'right' },
      ],
      [
        ['青浦 Qingpu', '1.00'],
        ['x', '-20.00'],
      ],
    );
    expect(lines).toEqual(['县区            net', '───────────────────', '青浦 Qingpu    1.00', 'x            -20.00']);
    expect(new Set(lines.map(displayWidth)).size).toBe(1);
  });

  it('groups thousands before the point only', () => {
    expect(groupThousands('1234567.5000')).toBe('1,234,567.5000');
    expect(groupThousands('-1234.00')).toBe('-1,234.00');
    expect(groupThousands('999.99')).toBe('999.99');
  });
});
