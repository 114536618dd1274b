import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseOptions, ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import configuration from '../../config/tools/dependency-cruiser.mjs';

/** An import that the rule must refuse, written into an otherwise empty tree. */
interface Violation {
  rule: string;
  from: string;
  statement: string;
}

const violations: Violation[] = [
  { rule: 'no-cycles', from: 'src/core/money/away.ts', statement: "import { x } from './back.ts'" },
  { rule: 'no-unresolvable', from: 'src/app/a.ts', statement: "import { x } from './not-there.ts'" },
  { rule: 'no-undeclared-package', from: 'src/app/b.ts', statement: "import { x } from 'vitest'" },
  { rule: 'no-undeclared-package', from: 'src/app/c.ts', statement: "import { x } from 'guest-of-another'" },
  { rule: 'core-is-pure', from: 'src/core/a.ts', statement: "import { x } from '../platform/clock.ts'" },
  { rule: 'core-is-pure', from: 'src/core/b.ts', statement: "import { x } from 'node:fs'" },
  { rule: 'core-is-pure', from: 'src/core/c.ts', statement: "import { x } from 'zod'" },
  { rule: 'core-is-pure', from: 'src/core/d.ts', statement: "import type { x } from '../app/ports.ts'" },
  { rule: 'app-knows-core-and-ports', from: 'src/app/d.ts', statement: "import { x } from '../db/store.ts'" },
  {
    rule: 'app-knows-core-and-ports',
    from: 'src/app/e.ts',
    statement: "import type { x } from '../partners/client.ts'",
  },
  { rule: 'app-knows-core-and-ports', from: 'src/app/f.ts', statement: "import { x } from '../config/load.ts'" },
  { rule: 'db-implements-ports', from: 'src/db/a.ts', statement: "import { x } from '../partners/client.ts'" },
  { rule: 'db-implements-ports', from: 'src/db/b.ts', statement: "import { x } from '../http/routes.ts'" },
  { rule: 'db-implements-ports', from: 'src/db/c.ts', statement: "import type { x } from '../app/settle.ts'" },
  { rule: 'db-implements-ports', from: 'src/db/d.ts', statement: "import { x } from '../../migrations/first.ts'" },
  { rule: 'db-implements-ports-as-types', from: 'src/db/e.ts', statement: "import { x } from '../app/ports.ts'" },
  { rule: 'partners-implement-ports', from: 'src/partners/a.ts', statement: "import { x } from '../db/store.ts'" },
  { rule: 'partners-implement-ports', from: 'src/partners/b.ts', statement: "import { x } from '../jobs/runner.ts'" },
  {
    rule: 'partners-implement-ports-as-types',
    from: 'src/partners/c.ts',
    statement: "import { x } from '../app/ports.ts'",
  },
  { rule: 'http-calls-use-cases', from: 'src/http/a.ts', statement: "import { x } from '../db/store.ts'" },
  { rule: 'http-calls-use-cases', from: 'src/http/b.ts', statement: "import type { x } from '../jobs/runner.ts'" },
  { rule: 'jobs-call-use-cases', from: 'src/jobs/a.ts', statement: "import { x } from '../core/pure.ts'" },
  { rule: 'jobs-call-use-cases', from: 'src/jobs/b.ts', statement: "import { x } from '../http/routes.ts'" },
  {
    rule: 'config-knows-policy-shapes',
    from: 'src/config/a.ts',
    statement: "import { x } from '../core/adjudicate/adjudicate.ts'",
  },
  { rule: 'config-knows-policy-shapes', from: 'src/config/b.ts', statement: "import { x } from '../app/settle.ts'" },
  { rule: 'platform-stands-alone', from: 'src/platform/a.ts', statement: "import { x } from '../core/pure.ts'" },
  {
    rule: 'simulators-speak-the-public-api',
    from: 'src/simulators/a.ts',
    statement: "import { x } from '../core/pure.ts'",
  },
  {
    rule: 'simulators-speak-the-public-api',
    from: 'src/simulators/b.ts',
    statement: "import { x } from '../http/routes.ts'",
  },
  { rule: 'web-uses-its-client', from: 'src/web/a.ts', statement: "import type { x } from '../http/schemas/bill.ts'" },
  { rule: 'main-is-the-root', from: 'src/http/c.ts', statement: "import { x } from '../cli/tongjie.ts'" },
  { rule: 'main-is-the-root', from: 'src/jobs/c.ts', statement: "import { x } from '../main.ts'" },
  { rule: 'migrations-are-frozen', from: 'migrations/a.ts', statement: "import { x } from '../src/core/pure.ts'" },
  { rule: 'src-never-imports-tests', from: 'src/cli/a.ts', statement: "import { x } from '../../test/support/any.ts'" },
  { rule: 'drivers-only-in-db', from: 'src/app/g.ts', statement: "import type { x } from 'knex'" },
  { rule: 'drivers-only-in-db', from: 'src/cli/b.ts', statement: "import { x } from 'mysql2/promise'" },
  { rule: 'drivers-only-in-db', from: 'src/jobs/d.ts', statement: "import x from 'better-sqlite3'" },
  { rule: 'breakers-only-in-partners', from: 'src/http/d.ts', statement: "import x from 'opossum'" },
  { rule: 'express-only-at-the-edge', from: 'src/app/h.ts', statement: "import type { x } from 'express'" },
  { rule: 'schedules-only-in-jobs', from: 'src/cli/c.ts', statement: "import { x } from 'node-cron'" },
];

/** Imports that the table permits: a rule that refuses them is too wide. */
const permitted = [
  { from: 'src/core/money/ok.ts', statement: "import { x } from '../pure.ts'; import { y } from 'decimal.js'" },
  { from: 'src/app/ok.ts', statement: "import { x } from '../core/pure.ts'; import { y } from '../platform/clock.ts'" },
  { from: 'src/app/ok-hash.ts', statement: "import { x } from 'node:crypto'; import type { y } from './ports.ts'" },
  { from: 'src/db/ok.ts', statement: "import type { x } from '../app/ports.ts'; import { y } from 'knex'" },
  { from: 'src/partners/ok.ts', statement: "import type { x } from '../app/ports.ts'; import y from 'opossum'" },
  { from: 'src/http/ok.ts', statement: "import { x } from '../app/settle.ts'; import { y } from 'express'" },
  { from: 'src/jobs/ok.ts', statement: "import { x } from '../app/settle.ts'; import { y } from 'node-cron'" },
  { from: 'src/config/ok.ts', statement: "import { x } from '../core/policy/terms.ts'; import { y } from 'zod'" },
  {
    from: 'src/simulators/ok.ts',
    statement: "import { x } from '../http/schemas/bill.ts'; import { y } from 'express'",
  },
  { from: 'src/cli/ok.ts', statement: "import { x } from '../db/store.ts'; import { y } from '../main.ts'" },
  { from: 'migrations/ok.ts', statement: "import type { x } from 'knex'" },
  { from: 'test/ok.ts', statement: "import { x } from '../src/db/store.ts'; import { y } from 'knex'" },
];

const targets = [
  'src/core/pure.ts',
  'src/core/adjudicate/adjudicate.ts',
  'src/core/policy/terms.ts',
  'src/platform/clock.ts',
  'src/app/ports.ts',
  'src/app/settle.ts',
  'src/db/store.ts',
  'src/partners/client.ts',
  'src/http/routes.ts',
  'src/http/schemas/bill.ts',
  'src/jobs/runner.ts',
  'src/config/load.ts',
  'src/cli/tongjie.ts',
  'src/main.ts',
  'migrations/first.ts',
  'test/support/any.ts',
];

const packages = ['zod', 'decimal.js', 'knex', 'mysql2', 'better-sqlite3', 'opossum', 'express', 'node-cron'];

const tree = mkdtempSync(join(tmpdir(), 'tongjie-import-rules-'));
let found: Set<string>;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

function writeTree(): void {
  const dependencies = Object.fromEntries(packages.map((name) => [name, '1.0.0']));
  write('package.json', JSON.stringify({ name: 'tree', dependencies, devDependencies: { vitest: '1.0.0' } }));
  for (const name of [...packages, 'vitest', 'guest-of-another']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, 'module.exports = {};\n');
    write(`node_modules/${name}/promise.js`, 'module.exports = {};\n');
  }
  for (const path of targets) write(path, 'export const x = 1;\n');
  write('src/core/money/back.ts', "import { z } from './away.ts'; export const x = z;\n");
  for (const { from, statement } of [...violations, ...permitted]) write(from, `${statement}; export const z = x;\n`);
}

beforeAll(async () => {
  writeTree();
  const { forbidden, options } = configuration;
  const { tsConfig: _noCompilerPaths, ...cruiseOptions } = options ?? {};
  const settings: ICruiseOptions = { ...cruiseOptions, baseDir: tree, validate: true, ruleSet: { forbidden } };
  const { output } = await cruise(['src', 'migrations', 'test'], settings);
  const { violations: reported } = (output as ICruiseResult).summary;
  found = new Set(reported.map(({ rule, from }) => `${rule.name} ${from}`));
});

afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
});

describe('import rules', () => {
  it.each(violations)('$rule refuses in $from: $statement', ({ rule, from }) => {
    expect([...found]).toContain(`${rule} ${from}`);
  });

  it('refuse nothing that the table permits', () => {
    const harmless = permitted.map(({ from }) => from);
    expect([...found].filter((hit) => harmless.some((from) => hit.endsWith(` ${from}`)))).toEqual([]);
  });

  it('each have a violation here', () => {
    const named = (configuration.forbidden ?? []).map((rule: IForbiddenRuleType) => rule.name);
    expect(new Set(violations.map(({ rule }) => rule))).toEqual(new Set(named));
  });

  it('each say what to do instead', () => {
    for (const rule of configuration.forbidden ?? []) expect(rule.comment, rule.name).toMatch(/\w/);
  });
});
