import { setTimeout as sleep } from 'node:timers/promises';
import { isContention } from './driver-errors.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_MS = 8;

/** Does something again that lost a deadlock or, unless told otherwise, waited too long for a lock, a bounded number of times. */
export async function retryContention<T>(work: () => Promise<T>, isToRetry = isContention): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isToRetry(error) || attempt === ATTEMPTS_MAX) throw error;
      await sleep(Math.random() * BACKOFF_MS * attempt);
    }
  }
}
