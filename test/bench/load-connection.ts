import { connect, type Socket } from 'node:net';

/** What a request came to, and how long it took from its due time to the last byte of the answer. */
export interface Answer {
  readonly status: number;
  readonly latencyMs: number;
}

/**
 * One keep-alive connection that has one request under way at a time.
 * A bare socket: a client library would take the core that the database needs.
 */
export class LoadConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #size = 0;
  #needed = -1;
  #status = 0;
  #dueAt = 0;
  #done: ((answer: Answer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    const fail = (): void => {
      this.#failed?.(new Error('the connection was closed while a request was under way'));
    };
    socket.on('error', fail);
    socket.on('close', fail);
  }

  static async open(port: number): Promise<LoadConnection> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new LoadConnection(socket);
  }

  /** Sends a request; latency counts from `dueAt`, so that an open loop does not forgive its own queue. */
  send(request: string, dueAt: number): Promise<Answer> {
    this.#dueAt = dueAt;
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      // A server closes what is idle for long; a request put to such a connection would never be answered.
      if (this.#socket.destroyed) reject(new Error('the connection was closed before the request'));
      else this.#socket.write(request);
    });
  }

  close(): void {
    this.#done = undefined;
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#size += chunk.length;
    if (this.#needed < 0) {
      const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
      const end = all.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = all.toString('latin1', 0, end);
      this.#status = Number(head.slice(9, 12));
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) {
        this.#failed?.(new Error('an answer without Content-Length'));
        return;
      }
      this.#needed = end + 4 + Number(length);
    }
    if (this.#size < this.#needed) return;
    this.#received = [];
    this.#size = 0;
    this.#needed = -1;
    this.#done?.({ status: this.#status, latencyMs: performance.now() - this.#dueAt });
  }
}
