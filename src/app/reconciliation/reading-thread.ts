import { parentPort } from 'node:worker_threads';
import { once } from 'node:events';
import { readLines, type LinesJob } from './read-lines.ts';
import type { FromThread } from './reading-threads.ts';

// A thread that reads one file after the other, see reading-threads.ts.

async function read(job: LinesJob): Promise<void> {
  const tell = (message: FromThread): void => parentPort?.postMessage(message);
  try {
    const done = await readLines(job, {
      progress: (...progress) => tell({ kind: 'progress', progress }),
      async store({ lines, bytes }) {
        tell({ kind: 'store', lines, bytes });
        // One at a time: a file of refunds alone must not pile up.
        if (parentPort !== null) await once(parentPort, 'message');
      },
    });
    if ('problems' in done) tell({ kind: 'refused', problems: done.problems });
    else {
      const { form, totals, staging } = done;
      const handed = staging.handOver();
      parentPort?.postMessage({ kind: 'read', form, totals, handed } satisfies FromThread, [handed.handle as never]);
    }
  } catch (error) {
    tell({ kind: 'failed', error });
  }
}

let isReading = false;
parentPort?.on('message', (job: LinesJob | undefined) => {
  // While one is read, messages say that lines were stored.
  if (isReading || job === undefined) return;
  isReading = true;
  void read(job).finally(() => {
    isReading = false;
  });
});
