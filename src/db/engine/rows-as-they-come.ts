import type { Knex } from 'knex';
import type { Connection } from 'mysql2';
import { isMysql } from './is-mysql.ts';
import { rowsOf } from './raw-rows.ts';

/** Parts that wait for their reader before the server is kept waiting. */
const WAITING_MAX = 2;

interface Pooled {
  readonly client: {
    acquireConnection(): Promise<Connection>;
    releaseConnection(connection: Connection): Promise<void>;
  };
}

/** Rows on their way, put together into parts; whoever reads them is told when there is one. */
class Arriving<R> {
  readonly #waiting: (readonly R[])[] = [];
  readonly #connection: Connection;
  readonly #rowsAPart: number;
  #part: R[] = [];
  #hasEnded = false;
  #failure: Error | undefined;
  #tell: () => void = () => undefined;

  constructor(connection: Connection, sql: string, values: readonly (string | number)[], rowsAPart: number) {
    this.#connection = connection;
    this.#rowsAPart = rowsAPart;
    // A connection that is lost says so itself, and not the query on it.
    connection.once('error', this.#lose);
    connection
      .query(sql, [...values])
      .on('result', (row) => this.#add(row as R))
      .on('error', (error) => (this.#failure = error))
      .on('end', () => this.#end());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @throws what the query failed with */
  async next(): Promise<readonly R[] | undefined> {
    while (this.#waiting.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => (this.#tell = resolve));
    }
    const part = this.#waiting.shift();
    if (part === undefined && this.#failure !== undefined) throw this.#failure;
    this.#connection.resume();
    return part;
  }

  #add(row: R): void {
    this.#part.push(row);
    if (this.#part.length === this.#rowsAPart) this.#hand();
  }

  #hand(): void {
    this.#waiting.push(this.#part);
    this.#part = [];
    if (this.#waiting.length >= WAITING_MAX) this.#connection.pause();
    this.#tell();
  }

  readonly #lose = (error: Error): void => {
    this.#failure = error;
    this.#end();
  };

  #end(): void {
    this.#connection.removeListener('error', this.#lose);
    this.#hasEnded = true;
    if (this.#part.length > 0) this.#hand();
    this.#tell();
  }
}

/**
 * Rows of a raw SELECT in parts, none of them empty, each as soon as it is there: the server goes on while a part is worked
 * off, and waits when its rows are not taken. SQLite, which has one connection for everything, hands over all rows as one part.
 *
 * @throws what the driver throws
 */
export async function* rowsAsTheyCome<R extends object>(
  knex: Knex,
  sql: string,
  values: readonly (string | number)[],
  rowsAPart: number,
): AsyncGenerator<readonly R[]> {
  if (!isMysql(knex)) {
    const rows = await rowsOf<R>(knex, sql, values);
    if (rows.length > 0) yield rows;
    return;
  }
  const { client } = knex as unknown as Pooled;
  const connection = await client.acquireConnection();
  const rows = new Arriving<R>(connection, sql, values, rowsAPart);
  try {
    for (let part = await rows.next(); part !== undefined; part = await rows.next()) yield part;
  } finally {
    // Where nobody wants the rest of the rows, the pool takes another connection instead.
    if (rows.hasEnded) connection.resume();
    else connection.destroy();
    await client.releaseConnection(connection);
  }
}
