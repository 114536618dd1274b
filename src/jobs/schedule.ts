import { schedule } from 'node-cron';
import { AppError } from '../platform/errors.ts';

/** A time of day in Asia/Shanghai, `HH:MM`. */
export type TimeOfDay = string;

/** When nightly clearing starts unless configured: after midnight, when the last bills of the day are in. */
export const CLEARING_TIME: TimeOfDay = '00:30';

/** When the calendar is looked at: after clearing, before the offices open. */
export const CALENDAR_TIME: TimeOfDay = '05:00';

/** When counties are reminded of their cases: before offices open. */
export const REMINDER_TIME: TimeOfDay = '07:00';

/**
 * Calls at the same time every night. For each night that passed while the machine slept or its clock was put forward it
 * calls late, one time after the other: what is called must bear that.
 *
 * @throws AppError BAD_TIME_OF_DAY
 */
export function everyNightAt(time: TimeOfDay, call: () => void): { stop(): Promise<void> } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null) {
    throw new AppError('BAD_TIME_OF_DAY', `"${time}" is not a time of day`, {
      status: 500,
      help: 'write it as HH:MM, from 00:00 to 23:59, in the time of Asia/Shanghai',
    });
  }
  const pattern = `${Number(match[2])} ${Number(match[1])} * * *`;
  const task = schedule(pattern, call, { timezone: 'Asia/Shanghai', suppressMissedWarning: true });
  task.on('execution:missed', call);
  return {
    async stop() {
      await task.destroy();
    },
  };
}
