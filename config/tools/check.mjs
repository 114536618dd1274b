// Every check of the repository, in order, each on one line; `npm run check -- lint types` runs just those.
// The last line is the count of tests and checks together, for whoever reads only that.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Each check is a script of package.json, so that running one by hand is running the same thing. */
const STEPS = [
  { name: 'format', script: 'format:check' },
  { name: 'lint', script: 'lint' },
  { name: 'types', script: 'types' },
  { name: 'imports', script: 'imports' },
  { name: 'openapi', script: 'openapi:check' },
  { name: 'tests', script: 'test:only', countsTests: true },
];

const environment = {
  ...process.env,
  PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter),
};

let running;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(1);
  });
}

function runScript(commandLine) {
  return new Promise((settle) => {
    const output = [];
    running = spawn(commandLine, { cwd: ROOT, env: environment, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.stdout.on('data', (chunk) => output.push(chunk));
    running.stderr.on('data', (chunk) => output.push(chunk));
    running.on('error', (error) => settle({ passed: false, output: error.message }));
    running.on('close', (code) => settle({ passed: code === 0, output: Buffer.concat(output).toString('utf8') }));
  });
}

/** The figures of vitest's JSON report; undefined when it ended before writing one. */
function readReport(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const report = JSON.parse(text);
  const skipped = report.numPendingTests + report.numTodoTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped };
}

async function runTests(commandLine) {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-check-'));
  const reportFile = join(folder, 'vitest.json');
  try {
    const result = await runScript(`${commandLine} --reporter=default --reporter=json --outputFile.json=${reportFile}`);
    const tests = readReport(reportFile);
    // A run without a single test is a broken run, not a green one.
    return { ...result, tests, passed: result.passed && tests !== undefined && tests.passed > 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describeTests({ passed, failed, skipped }) {
  return [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no check named ${unknown.join(', ')}; there are ${STEPS.map((step) => step.name).join(', ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const step of STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const startedMs = performance.now();
  const result = await (step.countsTests ? runTests : runScript)(scripts[step.script]);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const tests = result.tests === undefined ? '' : `  ${describeTests(result.tests)}`;
  console.log(`${result.passed ? 'ok  ' : 'FAIL'}  ${step.name.padEnd(8)} ${seconds.padStart(6)} s${tests}`);
  if (!result.passed) console.log(`\n${result.output.trimEnd()}\n`);
  passed += (result.passed ? 1 : 0) + (result.tests?.passed ?? 0);
  failed += (result.passed ? 0 : 1) + (result.tests?.failed ?? 0);
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
