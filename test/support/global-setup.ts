import type { TestProject } from 'vitest/node';
import { startPrivateMariadb } from './private-mariadb.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server of this run, with an empty database; make your own with `createDatabase(url, name)`. */
    mariadbUrl: string;
  }
}

/** One MariaDB for the whole run: starting it takes a second, a database on it a millisecond. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mariadb = await startPrivateMariadb();
  project.provide('mariadbUrl', mariadb.url);
  return () => mariadb.stop();
}
