// What `npm start` and `npm test` run first. It must work with the Node a machine happens to have (18 and later) and
// with nothing installed: it installs the packages, among them Node 24, and hands over to that.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const LOCK = join(ROOT, 'package-lock.json');
const MODULES = join(ROOT, 'node_modules');
const MARKER = join(MODULES, '.installed-from');
const OUR_BIN = join(MODULES, '.bin');
const OUR_NODE = join(MODULES, 'node/bin/node');
const NODE_MAJOR = 24;

/** What the tests need from the distribution: a program that proves a package is there, and the package. */
const SYSTEM_PACKAGES = [{ program: 'mariadbd', name: 'mariadb-server' }];

const COMMANDS = {
  start: { needsSystemPackages: false, run: ['--max-semi-space-size=64', 'src/main.ts', 'demo'] },
  test: { needsSystemPackages: true, run: ['config/tools/check.mjs'] },
};

class LaunchFailure extends Error {}

function say(text) {
  process.stderr.write(`tongjie: ${text}\n`);
}

/** The PATH without our own node_modules/.bin: npm must not run on a Node that it is about to replace. */
function outerEnvironment() {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => resolve(folder) !== OUR_BIN);
  return { ...process.env, PATH: path.join(delimiter) };
}

function innerEnvironment() {
  return { ...process.env, PATH: [OUR_BIN, outerEnvironment().PATH].join(delimiter) };
}

function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex');
}

/** Whether what npm itself noted as installed is what the lock file asks for: true after a plain `npm install`. */
function npmInstalledTheLock() {
  const noted = join(MODULES, '.package-lock.json');
  if (!existsSync(noted)) return false;
  const wanted = JSON.parse(readFileSync(LOCK, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(noted, 'utf8')).packages;
  const asWanted = Object.entries(installed).every(([path, entry]) => wanted[path]?.version === entry.version);
  const isOptional = (entry) => entry.optional === true || entry.devOptional === true;
  const complete = Object.entries(wanted).every(
    ([path, entry]) => path === '' || isOptional(entry) || installed[path] !== undefined,
  );
  return asWanted && complete;
}

function isInstalled() {
  if (existsSync(MARKER)) return readFileSync(MARKER, 'utf8') === lockHash();
  if (!npmInstalledTheLock()) return false;
  writeFileSync(MARKER, lockHash());
  return true;
}

function install() {
  say(existsSync(MODULES) ? 'the lock file has changed; installing packages' : 'first run; installing packages');
  const result = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    env: outerEnvironment(),
    // npm's own report goes where ours goes, so that stdout holds what the command prints and nothing else.
    stdio: ['ignore', 2, 2],
  });
  if (result.error !== undefined) {
    throw new LaunchFailure(`npm could not be run (${result.error.message}). Install Node.js with npm 9 or later.`);
  }
  if (result.status !== 0) {
    throw new LaunchFailure(
      'npm ci failed (its report is above). Check that the package registry can be reached and that package.json ' +
        'and package-lock.json agree (`npm install` brings them together), then try again.',
    );
  }
  writeFileSync(MARKER, lockHash());
}

/** Our own Node 24, or else the Node that runs this when it is new enough. */
function nodeToUse() {
  if (existsSync(OUR_NODE) && spawnSync(OUR_NODE, ['--version']).status === 0) return OUR_NODE;
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  throw new LaunchFailure(
    `Node ${NODE_MAJOR} is not in node_modules: the package "node" brings it in its install script, which did not run ` +
      `(is ignore-scripts set?) or has no build for ${process.platform}-${process.arch}. ` +
      `Run "npm rebuild node", or install Node ${NODE_MAJOR} yourself.`,
  );
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasProgram(name) {
  // Daemons live in sbin, which is not on everybody's PATH.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/local/bin'];
  return folders.some((folder) => folder !== '' && isProgram(join(folder, name)));
}

function installSystemPackages() {
  const missing = SYSTEM_PACKAGES.filter(({ program }) => !hasProgram(program)).map(({ name }) => name);
  if (missing.length === 0) return;
  const byHand = `The tests need ${missing.join(', ')} (names of Debian packages). Install with: apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) throw new LaunchFailure(byHand);
  say(`installing ${missing.join(', ')} for the tests`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, encoding: 'utf8' };
  const report = [];
  // A failed update is no reason to stop: the lists that are there may do.
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    const result = spawnSync('apt-get', args, options);
    report.push(result.stdout, result.stderr);
  }
  const stillMissing = SYSTEM_PACKAGES.filter(({ program }) => !hasProgram(program));
  if (stillMissing.length > 0) throw new LaunchFailure(`${report.join('')}\napt-get did not succeed. ${byHand}`);
}

/** Runs the command in our place: same terminal, same arguments, same signals, same exit code. */
function handOver(node, args) {
  const child = spawn(node, args, { cwd: ROOT, env: innerEnvironment(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group itself; passed on as well it would count as a second, impatient one.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    say(error.message);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function launch(name, args) {
  const command = COMMANDS[name];
  if (command === undefined) throw new LaunchFailure(`launch.mjs knows ${Object.keys(COMMANDS).join(', ')}`);
  if (!isInstalled()) install();
  const node = nodeToUse();
  if (command.needsSystemPackages) installSystemPackages();
  handOver(node, [...command.run, ...args]);
}

const [name, ...args] = process.argv.slice(2);
try {
  launch(name, args);
} catch (error) {
  if (!(error instanceof LaunchFailure)) throw error;
  say(error.message);
  if (name === 'test') process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}
