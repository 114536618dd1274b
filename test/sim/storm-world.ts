import type { Knex } from 'knex';
import type { Database } from '../../src/db/open-database.ts';
import type { Chance } from '../../src/simulators/chance.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import type { PrivateMariadb } from '../support/private-mariadb.ts';
import type { Traffic } from '../support/traffic.ts';
import type { Office } from './storm-office.ts';

/** What happens in a storm, and to what. */
export interface Storm {
  readonly database: Database;
  readonly mariadb: PrivateMariadb;
  readonly clock: FakeClock;
  readonly traffic: Traffic;
  readonly office: Office;
  /** For looking at what use cases do not show. */
  readonly knex: Knex;
  readonly dataDir: string;
  /** How often each act was done. */
  readonly done: Map<string, number>;
}

/** Something that happens between counters' bills, so many times in a thousand turns. More of them: more of the world. */
export interface StormAct {
  readonly name: string;
  readonly perMille: number;
  run(storm: Storm, chance: Chance): Promise<void>;
}
