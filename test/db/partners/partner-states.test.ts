import { expect, it } from 'vitest';
import type { OperationState } from '../../../src/app/partners/ports.ts';
import { describeEachDatabase } from '../../support/databases.ts';

const CLOSED: OperationState = {
  partner: '330421',
  operation: 'messages',
  position: 'closed',
  sinceMs: 5,
  fires: 3,
  failures: 0,
  timeouts: 0,
  rejects: 0,
  lastError: undefined,
};
const lastError = { code: 'PARTNER_TIMEOUT', message: '没有回答', atMs: 90 };
const OPEN: OperationState = { ...CLOSED, position: 'open', sinceMs: 80, failures: 2, timeouts: 2, lastError };

describeEachDatabase('PartnerStates', (open) => {
  it('keeps what each process reported last, until it is silent for two minutes', async () => {
    const { partnerStates } = await open();
    await partnerStates.report('a', [CLOSED], 10);
    await partnerStates.report('b', [OPEN, { ...OPEN, operation: 'eligibility' }], 20);
    await partnerStates.report('b', [], 25);
    await partnerStates.report('a', [{ ...OPEN, lastError: undefined }], 100);
    expect(await partnerStates.all(100)).toEqual([
      { ...OPEN, operation: 'eligibility' },
      { ...OPEN, lastError: undefined },
      OPEN,
    ]);
    expect(await partnerStates.all(120_050)).toEqual([{ ...OPEN, lastError: undefined }]);
    await partnerStates.report('c', [CLOSED], 400_000);
    expect(await partnerStates.all(0)).toEqual([CLOSED]);
  });

  it('cuts words that are too long', async () => {
    const { partnerStates } = await open();
    await partnerStates.report('a', [{ ...OPEN, lastError: { ...lastError, message: '长'.repeat(900) } }], 10);
    expect((await partnerStates.all(10))[0]?.lastError?.message).toBe('长'.repeat(500));
  });
});
