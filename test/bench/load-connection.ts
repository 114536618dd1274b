import { connect, type Socket } from 'node:net';

/** Called with each answer, or with status 0 when the connection was lost while a request was under way. */
export type OnAnswer = (connection: LoadConnection, status: number, latencyMs: number) => void;

const READ_BYTES = 65_536;
const ZERO = 48;

/**
 * One keep-alive connection that has one request under way at a time.
 * A bare socket that reads into one buffer: a client library would take the core that the database needs.
 */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #onAnswer: OnAnswer;
  /** An answer's head, as far as it is there; nearly always it comes in one piece. */
  #head: Buffer | undefined;
  /** Bytes of the body still to come. */
  #missing = 0;
  #status = 0;
  #dueAt = 0;
  #isUnderWay = false;

  private constructor(port: number, onAnswer: OnAnswer) {
    this.#onAnswer = onAnswer;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (size, bytes) => {
          this.#take((bytes as Buffer).subarray(0, size));
          return true;
        },
      },
    });
    this.#socket.on('error', () => {
      this.#lose();
    });
    this.#socket.on('close', () => {
      this.#lose();
    });
  }

  static async open(port: number, onAnswer: OnAnswer): Promise<LoadConnection> {
    const connection = new LoadConnection(port, onAnswer);
    await new Promise<void>((resolve, reject) => connection.#socket.once('connect', resolve).once('error', reject));
    return connection;
  }

  /** Sends a request; latency counts from `dueAt`, so that an open loop does not forgive its own queue. */
  send(request: Buffer, dueAt: number): void {
    this.#dueAt = dueAt;
    this.#isUnderWay = true;
    // A server closes what is idle for long; a request put to such a connection would never be answered.
    if (this.#socket.destroyed) this.#lose();
    else this.#socket.write(request);
  }

  close(): void {
    this.#isUnderWay = false;
    this.#socket.destroy();
  }

  #lose(): void {
    if (this.#isUnderWay) this.#answer(0);
  }

  #answer(status: number): void {
    this.#isUnderWay = false;
    this.#onAnswer(this, status, performance.now() - this.#dueAt);
  }

  #take(chunk: Buffer): void {
    if (this.#missing > 0) {
      this.#missing -= chunk.length;
    } else {
      const bytes = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#head = Buffer.from(bytes);
        return;
      }
      this.#head = undefined;
      this.#status = (bytes[9]! - ZERO) * 100 + (bytes[10]! - ZERO) * 10 + (bytes[11]! - ZERO);
      const length = /\r\ncontent-length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1];
      if (length === undefined) {
        this.#socket.destroy(new Error('an answer without Content-Length'));
        return;
      }
      this.#missing = end + 4 + Number(length) - bytes.length;
    }
    if (this.#missing <= 0) this.#answer(this.#status);
  }
}
