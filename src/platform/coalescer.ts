import { AppError } from './errors.ts';

/** How many batches run at once, how large one may be, and how many requests may wait. */
export interface CoalescerOptions<Q, A> {
  readonly lanes: number;
  /**
   * So many requests, times the square of the lanes that are busy, must wait before a further one opens: in many small
   * batches a request costs several times as much as in a few large ones. Unless given, one that waits is enough.
   */
  readonly laneWorth?: number;
  readonly batchMax: number;
  readonly queueMax: number;
  /** Answers in the order of the batch. A rejection of a batch of several, unless retryable, is tried again one by one. */
  readonly run: (batch: readonly Q[]) => Promise<readonly A[]>;
}

interface Waiting<Q, A> {
  readonly request: Q;
  readonly sinceMs: number;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** A queue whose batches are whatever arrived while the lanes were busy. */
export interface Coalescer<Q, A> {
  submit(request: Q): Promise<A>;
  /** Requests waiting, not yet in a batch. */
  readonly waiting: number;
  /** Resolves when nothing waits and no batch runs. */
  drained(): Promise<void>;
}

/** Behind a batch that takes so long, because it waits for somebody's lock, no request waits for others to come. */
const PATIENCE_MS = 20;

/**
 * Coalesces requests into batches without waiting for any: a lone request runs at once, under load a batch is what queued up
 * while the one before was committing.
 *
 * @throws AppError OVERLOADED (503, retryable) when the queue is full: memory stays bounded, the caller backs off
 */
export function createCoalescer<Q, A>(options: CoalescerOptions<Q, A>): Coalescer<Q, A> {
  const { laneWorth = 0 } = options;
  const queue: Waiting<Q, A>[] = [];
  const idle: (() => void)[] = [];
  let running = 0;
  let scheduled = false;
  let patience: NodeJS.Timeout | undefined;

  async function runBatch(batch: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await options.run(batch.map(({ request }) => request));
      batch.forEach(({ resolve }, index) => {
        resolve(answers[index] as A);
      });
    } catch (error) {
      // A database that is away is away for each of them: trying one by one would only queue up their timeouts.
      if (batch.length === 1 || (error instanceof AppError && error.retryable)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One bad request must fail alone: the others of its batch are not to blame.
      for (const one of batch) await runBatch([one]);
    }
  }

  function opensLane(): boolean {
    const [oldest] = queue;
    if (oldest === undefined || running >= options.lanes) return false;
    return queue.length > laneWorth * running ** 2 || performance.now() - oldest.sinceMs >= PATIENCE_MS;
  }

  /** Looks again when nothing else makes it: a lane is free, and what waits is not worth it yet. */
  function lookAgain(): void {
    if (patience !== undefined || queue.length === 0 || running >= options.lanes) return;
    patience = setTimeout(() => {
      patience = undefined;
      pump();
    }, PATIENCE_MS);
  }

  function pump(): void {
    scheduled = false;
    while (opensLane()) {
      const batch = queue.splice(0, options.batchMax);
      running++;
      void runBatch(batch).finally(() => {
        running--;
        pump();
      });
    }
    lookAgain();
    if (running === 0 && queue.length === 0) for (const done of idle.splice(0)) done();
  }

  return {
    submit(request) {
      if (queue.length >= options.queueMax) {
        return Promise.reject(
          new AppError('OVERLOADED', 'too many requests are waiting', {
            status: 503,
            retryable: true,
            help: 'send the same request again after the time in Retry-After',
          }),
        );
      }
      return new Promise((resolve, reject) => {
        queue.push({ request, sinceMs: performance.now(), resolve, reject });
        if (scheduled) return;
        // What arrives in the same turn of the event loop goes into one batch.
        if (opensLane()) {
          scheduled = true;
          setImmediate(pump);
        } else lookAgain();
      });
    },
    get waiting() {
      return queue.length;
    },
    drained() {
      if (running === 0 && queue.length === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}
