import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';

export interface PrivateMariadbOptions {
  bufferPoolMiB?: number;
  redoMiB?: number;
  /** 1, the default, is full durability: a commit is on disk before it is acknowledged. */
  flushLogAtTrxCommit?: 0 | 1 | 2;
  /** Any further `--option=value` of mariadbd. */
  extraArgs?: readonly string[];
  /** Begin with a copy of these data, which {@link PrivateMariadb.leaveDataIn} of the same version left, not with none. */
  dataFrom?: string;
  startTimeoutMs?: number;
}

export interface PrivateMariadb {
  /** Of the database `tongjie`, which is there from the start. */
  readonly url: string;
  readonly port: number;
  readonly socketPath: string;
  readonly dataDir: string;
  /** Of the running server; changes with `restart`. */
  readonly pid: number;
  urlOf(database: string): string;
  /** Makes an empty database, in place of one of that name, and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Ends the server as a power cut would, as far as a process can tell. The data stay. */
  kill9(): Promise<void>;
  /** Starts the server again on the same port and data; stops it in an orderly way first if it runs. */
  restart(): Promise<void>;
  /** Stops the server in an orderly way, however long that takes, and copies its data into a new folder; then as `stop`. */
  leaveDataIn(folder: string): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const FIRST_DATABASE = 'tongjie';
// Below 32768, where outgoing connections take their ports from: one of those once held the port a server was to have.
const PORTS = { from: 20_000, to: 32_000 };
const PORT_ATTEMPTS = 5;
const STOP_TIMEOUT_MS = 30_000;
// Data that were just loaded are written out first.
const CLEAN_STOP_TIMEOUT_MS = 600_000;
// A Unix socket's path has room for 107 characters.
const SOCKET_PATH_MAX = 107;

const SEARCHED = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/bin'];

function findProgram(name: string): string | undefined {
  return SEARCHED.filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function requireProgram(name: string): string {
  const file = findProgram(name);
  if (file !== undefined) return file;
  throw new Error(
    `${name} is not installed: install MariaDB (on Debian: apt-get install mariadb-server), or run npm test`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** What the installed server says of its version. */
export function mariadbVersion(): string {
  const { stdout } = spawnSync(requireProgram('mariadbd'), ['--version'], { encoding: 'utf8' });
  return /Ver (\S+)/.exec(stdout)?.[1] ?? stdout.trim();
}

/** A port on the loopback address that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    if (await isFree(port)) return port;
  }
}

/** A new folder that is short enough to hold a socket. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'tongjie-mariadb-'));
  if (join(home, 's.sock').length <= SOCKET_PATH_MAX) return home;
  rmSync(home, { recursive: true });
  return mkdtempSync('/tmp/tongjie-mariadb-');
}

function installData(dataDir: string, redoMiB: number): void {
  const install = requireProgram('mariadb-install-db');
  const result = spawnSync(
    install,
    [
      '--no-defaults',
      `--datadir=${dataDir}`,
      `--user=${userInfo().username}`,
      // root without a password over TCP; the server listens on the loopback address only.
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      `--innodb-log-file-size=${redoMiB}M`,
    ],
    { encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`mariadb-install-db failed:\n${result.stdout}\n${result.stderr}`);
}

/** Where the file system can, the copy shares its blocks with the original until one of them changes. */
async function copyData(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Somebody took the port between our looking and the server's asking: worth another try with another one. */
class PortTaken extends Error {}

/** One server: its files, its port and its process, which comes and goes. */
class Instance implements PrivateMariadb {
  readonly port: number;
  readonly socketPath: string;
  readonly dataDir: string;
  readonly #home: string;
  readonly #errorLog: string;
  readonly #args: readonly string[];
  readonly #startTimeoutMs: number;
  #process: ChildProcess | undefined;

  constructor(home: string, port: number, options: PrivateMariadbOptions) {
    const { bufferPoolMiB = 128, redoMiB = 32, flushLogAtTrxCommit = 1, extraArgs = [] } = options;
    this.#home = home;
    this.port = port;
    this.socketPath = join(home, 's.sock');
    this.dataDir = join(home, 'data');
    this.#errorLog = join(home, 'error.log');
    this.#startTimeoutMs = options.startTimeoutMs ?? 30_000;
    this.#args = [
      '--no-defaults',
      `--user=${userInfo().username}`,
      `--datadir=${this.dataDir}`,
      // Servers that share a folder for temporary files delete each other's when they start.
      `--tmpdir=${home}`,
      `--socket=${this.socketPath}`,
      `--pid-file=${join(home, 'pid')}`,
      `--log-error=${this.#errorLog}`,
      `--port=${port}`,
      `--bind-address=${HOST}`,
      '--skip-name-resolve',
      '--skip-log-bin',
      '--character-set-server=utf8mb4',
      '--max-connections=300',
      `--innodb-buffer-pool-size=${bufferPoolMiB}M`,
      `--innodb-log-file-size=${redoMiB}M`,
      `--innodb-flush-log-at-trx-commit=${flushLogAtTrxCommit}`,
      ...extraArgs,
    ];
    process.once('exit', this.removeNow);
  }

  get url(): string {
    return this.urlOf(FIRST_DATABASE);
  }

  get pid(): number {
    const pid = this.#running()?.pid;
    if (pid === undefined) throw new Error('this MariaDB is not running');
    return pid;
  }

  urlOf(database: string): string {
    return `mysql://root@${HOST}:${this.port}/${database}`;
  }

  async createDatabase(name: string): Promise<string> {
    return createDatabase(this.urlOf(''), name);
  }

  async start(): Promise<void> {
    this.#process = spawnWithUs(requireProgram('mariadbd'), this.#args);
    const deadline = Date.now() + this.#startTimeoutMs;
    while (!(await this.#answers())) {
      if (this.#running() === undefined) {
        const log = this.#log();
        if (log.includes('Address already in use')) throw new PortTaken(`port ${this.port} is taken`);
        throw new Error(`mariadbd ended while starting:\n${log}`);
      }
      if (Date.now() > deadline) {
        await this.kill9();
        throw new Error(`mariadbd did not answer within ${this.#startTimeoutMs} ms:\n${this.#log()}`);
      }
      await sleep(20);
    }
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.start();
  }

  async leaveDataIn(folder: string): Promise<void> {
    const server = this.#running();
    await this.#end('SIGTERM', CLEAN_STOP_TIMEOUT_MS);
    if (server?.exitCode !== 0) throw new Error(`mariadbd did not stop in an orderly way:\n${this.#log()}`);
    await copyData(this.dataDir, folder);
    this.removeNow();
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    this.removeNow();
  }

  /** Synchronous, because it is also what happens when this process exits without having called `stop`. */
  readonly removeNow = (): void => {
    process.removeListener('exit', this.removeNow);
    this.#running()?.kill('SIGKILL');
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  };

  #running(): ChildProcess | undefined {
    const server = this.#process;
    return server === undefined || server.exitCode !== null || server.signalCode !== null ? undefined : server;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL', timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    const server = this.#running();
    if (server === undefined) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    const impatient = setTimeout(() => server.kill('SIGKILL'), timeoutMs);
    await exited;
    clearTimeout(impatient);
  }

  async #answers(): Promise<boolean> {
    try {
      const connection = await createConnection({ host: HOST, port: this.port, user: 'root', connectTimeout: 2_000 });
      // Somebody else's server may have taken the port in the meantime.
      const [rows] = await connection.query('SELECT @@datadir AS dataDir');
      await connection.end();
      const found = (rows as { dataDir: string }[])[0]?.dataDir;
      return found === `${this.dataDir}/`;
    } catch {
      return false;
    }
  }

  #log(): string {
    try {
      return readFileSync(this.#errorLog, 'utf8').split('\n').slice(-40).join('\n');
    } catch {
      return '(it wrote no log)';
    }
  }
}

/** Starts a server that dies with this process even when this process is killed -9, where the system can arrange it. */
function spawnWithUs(program: string, args: readonly string[]): ChildProcess {
  const setpriv = findProgram('setpriv');
  if (process.platform !== 'linux' || setpriv === undefined) return spawn(program, args, { stdio: 'ignore' });
  return spawn(setpriv, ['--pdeathsig', 'KILL', program, ...args], { stdio: 'ignore' });
}

/**
 * Makes an empty database, in place of one of that name, on the server of a URL.
 *
 * @returns the URL of the new database
 */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  if (!/^\w+$/.test(name)) throw new Error(`not a plain database name: ${name}`);
  const url = new URL(serverUrl);
  url.pathname = '/';
  const connection = await createConnection(url.href);
  try {
    await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
    await connection.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  } finally {
    await connection.end();
  }
  url.pathname = `/${name}`;
  return url.href;
}

/** Starts a MariaDB of our own: empty, on the loopback address, with its data in a temporary folder. */
export async function startPrivateMariadb(options: PrivateMariadbOptions = {}): Promise<PrivateMariadb> {
  requireProgram('mariadbd');
  for (let attempt = 1; ; attempt += 1) {
    const home = makeHome();
    const instance = new Instance(home, await freePort(), options);
    try {
      if (options.dataFrom !== undefined) {
        await copyData(options.dataFrom, instance.dataDir);
        await instance.start();
        return instance;
      }
      mkdirSync(instance.dataDir);
      installData(instance.dataDir, options.redoMiB ?? 32);
      await instance.start();
      await instance.createDatabase(FIRST_DATABASE);
      return instance;
    } catch (error) {
      instance.removeNow();
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}
