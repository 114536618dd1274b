import { describe, expect, it } from 'vitest';
import type { BreakerPosition } from '../../../src/app/partners/ports.ts';
import { createPatientLook } from '../../../src/app/standin/patient-look.ts';

describe('a fresh look for somebody at a counter', () => {
  function begin() {
    const asked: { region: string; answer: (known: boolean) => void; fail: (error: Error) => void }[] = [];
    const now = { ms: 0, position: 'closed' as BreakerPosition };
    const freshLook = {
      refresh: (region: string) =>
        new Promise<boolean>((answer, fail) => {
          asked.push({ region, answer, fail });
        }),
    };
    const patient = createPatientLook({ freshLook, position: () => now.position, nowMs: () => now.ms });
    return { asked, now, look: (region = '330421') => patient.refresh(region, 'p1', 400) };
  }

  it('waits for the answer of a fund that answers', async () => {
    const { asked, look } = begin();
    const looks = [look(), look(), look(), look()];
    for (const { answer } of asked) answer(true);
    expect(await Promise.all(looks)).toEqual([true, true, true, true]);
  });

  it('does not wait where two others wait for long, until they have their answer', async () => {
    const { asked, now, look } = begin();
    const waiting = [look(), look()];
    now.ms = 101;
    await expect(look()).rejects.toMatchObject({ code: 'PARTNER_SLOW', retryable: true });
    expect(asked).toHaveLength(2);
    // Another fund's people wait for theirs.
    waiting.push(look('320509'));
    expect(asked).toHaveLength(3);
    asked[0]!.answer(true);
    expect(await waiting[0]).toBe(true);
    const next = look();
    asked[3]!.answer(false);
    expect(await next).toBe(false);
  });

  it('tries a fund again behind the back of who stands there', async () => {
    const { asked, now, look } = begin();
    now.position = 'halfOpen';
    await expect(look()).rejects.toMatchObject({ code: 'PARTNER_IN_DOUBT' });
    expect(asked).toHaveLength(1);
    asked[0]!.fail(new Error('still away'));
    now.position = 'closed';
    const next = look();
    asked[1]!.answer(true);
    expect(await next).toBe(true);
  });
});
