import { AppError } from './errors.ts';

/** Something that runs until it is stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Says on stderr what went wrong, with what to do about it where that is known. */
export function complain(error: unknown): void {
  const words = error instanceof AppError ? `${error.message}\n${error.help ?? ''}` : String((error as Error).stack);
  process.stderr.write(`${words.trimEnd()}\n`);
}

/** Calls on every SIGHUP from now on, also while what is called still starts: without a handler the signal ends the process. */
export function onHangUp(reload: () => Promise<unknown>): void {
  process.on('SIGHUP', () => {
    reload().catch(complain);
  });
}

/** Stops in good order when the process is told to end; exit code 1 when that fails. */
export function stopOnSignal(service: Stoppable): void {
  const stop = (): void => {
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        complain(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
