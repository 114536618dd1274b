import type { ServerResponse } from 'node:http';
import { AppError } from '../../platform/errors.ts';
import type { CounterEvent, CounterGreeting } from '../schemas/counter.ts';

/** Bills that a display gets when it connects. */
export const REPLAYED = 20;

const HEARTBEAT_MS = 15_000;
const READERS_MAX = 500;
/** A display that lets this much pile up has gone, or never will catch up. */
const BUFFER_MAX_BYTES = 256 * 1024;

/** The counters' displays that are connected to this process. */
export interface CounterEvents {
  /** Whether anybody looks, so that no event is made for nobody. */
  isWatched(institutionId: string): boolean;
  publish(event: CounterEvent): void;
  /**
   * Starts a stream: greeting, the latest bills, then each as it happens. Nothing that happens while the latest are being
   * read is lost or shown twice.
   *
   * @throws AppError TOO_MANY_READERS, and what `latest` throws
   */
  open(
    response: ServerResponse,
    greeting: CounterGreeting,
    latest: () => Promise<readonly CounterEvent[]>,
  ): Promise<void>;
  readonly readers: number;
  /** Ends every stream; displays come back by themselves. */
  close(): void;
}

/** One display's stream. */
class Reader {
  readonly #response: ServerResponse;
  #held: CounterEvent[] | undefined = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  push(event: CounterEvent): void {
    if (this.#held === undefined) this.write(formatEvent(event));
    else if (this.#held.push(event) > REPLAYED) this.#held.shift();
  }

  start(greeting: CounterGreeting, latest: readonly CounterEvent[]): void {
    if (this.#response.destroyed) return;
    const shown = new Set(latest.map(({ settlementId }) => settlementId));
    const since = (this.#held ?? []).filter(({ settlementId }) => !shown.has(settlementId));
    this.#held = undefined;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // A proxy that buffers would hold bills back.
      'x-accel-buffering': 'no',
    });
    const hello = `retry: 2000\nevent: counter\ndata: ${JSON.stringify(greeting)}\n\n`;
    this.write(hello + [...latest, ...since].map(formatEvent).join(''));
  }

  beat(): void {
    if (this.#held === undefined) this.write(': heartbeat\n\n');
  }

  write(text: string): void {
    if (this.#response.destroyed) return;
    if (this.#response.writableLength > BUFFER_MAX_BYTES) this.#response.destroy();
    else this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }
}

function formatEvent(event: CounterEvent): string {
  return `id: ${event.settlementId}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Makes the hub of one process: it knows the bills that this process settles, and the database those before. */
export function createCounterEvents(heartbeatMs = HEARTBEAT_MS): CounterEvents {
  const byInstitution = new Map<string, Set<Reader>>();
  let readers = 0;
  const heart = setInterval(() => {
    for (const set of byInstitution.values()) for (const reader of set) reader.beat();
  }, heartbeatMs);
  heart.unref();

  function add(institutionId: string, reader: Reader): () => void {
    const set = byInstitution.get(institutionId) ?? new Set();
    byInstitution.set(institutionId, set.add(reader));
    readers += 1;
    return () => {
      if (!set.delete(reader)) return;
      readers -= 1;
      if (set.size === 0) byInstitution.delete(institutionId);
    };
  }

  return {
    isWatched: (institutionId) => byInstitution.has(institutionId),
    publish(event) {
      for (const reader of byInstitution.get(event.institutionId) ?? []) reader.push(event);
    },
    async open(response, greeting, latest) {
      if (readers >= READERS_MAX) {
        throw new AppError('TOO_MANY_READERS', 'too many displays are connected', { status: 503, retryable: true });
      }
      const reader = new Reader(response);
      const remove = add(greeting.institutionId, reader);
      response.on('close', remove);
      try {
        reader.start(greeting, await latest());
      } catch (error) {
        remove();
        throw error;
      }
    },
    get readers() {
      return readers;
    },
    close() {
      clearInterval(heart);
      for (const set of byInstitution.values()) for (const reader of set) reader.end();
    },
  };
}
