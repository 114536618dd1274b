import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { houseRuleIds } from '../../config/tools/house-rules.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

interface Example {
  rule: string;
  file: string;
  code: string;
}

const bad: Example[] = [
  { rule: 'house/no-bare-error', file: 'src/app/a.ts', code: "throw new Error('no')" },
  { rule: 'house/no-bare-error', file: 'src/core/a.ts', code: "throw Error('no')" },
  { rule: 'house/no-bare-error', file: 'src/db/a.ts', code: "throw new RangeError('no')" },
  { rule: 'house/no-binary-float', file: 'src/http/a.ts', code: "export const a = parseFloat('1.1')" },
  { rule: 'house/no-binary-float', file: 'src/http/a.ts', code: "export const a = Number.parseFloat('1.1')" },
  { rule: 'house/no-binary-float', file: 'src/core/a.ts', code: 'export const a = (1.1).toFixed(2)' },
  { rule: 'house/no-environment', file: 'src/app/a.ts', code: 'export const a = process.env.PORT' },
  { rule: 'house/no-environment', file: 'src/main.ts', code: "export const a = process.env['PORT']" },
  { rule: 'house/no-environment', file: 'src/cli/a.ts', code: 'export const a = globalThis.process.env' },
  { rule: 'house/no-environment', file: 'src/cli/a.ts', code: 'const { env } = process; export const a = env' },
  {
    rule: 'house/no-environment',
    file: 'src/cli/a.ts',
    code: "import { env } from 'node:process'; export const a = env",
  },
  { rule: 'house/no-default-export', file: 'src/app/a.ts', code: 'export default function run() {}' },
  { rule: 'house/no-default-export', file: 'src/core/a.ts', code: 'const a = 1; export { a as default }' },
  { rule: 'house/no-math-round-in-core', file: 'src/core/money/a.ts', code: 'export const a = Math.round(1.5)' },
  { rule: 'house/no-clock-in-core', file: 'src/core/a.ts', code: 'export const a = Date.now()' },
  { rule: 'house/no-clock-in-core', file: 'src/core/a.ts', code: 'export const a = new Date()' },
  { rule: 'house/no-clock-in-core', file: 'src/core/a.ts', code: "export const a = new Date('2026-01-01')" },
  { rule: 'house/no-clock-in-core', file: 'src/core/a.ts', code: 'export const a = performance.now()' },
  { rule: 'house/no-clock-in-core', file: 'src/core/a.ts', code: 'setTimeout(() => {}, 1)' },
  { rule: 'house/no-chance-in-core', file: 'src/core/a.ts', code: 'export const a = Math.random()' },
  { rule: 'house/no-chance-in-core', file: 'src/core/a.ts', code: 'export const a = crypto.randomUUID()' },
  { rule: 'house/no-async-in-core', file: 'src/core/a.ts', code: 'export async function a() {}' },
  { rule: 'house/no-async-in-core', file: 'src/core/a.ts', code: 'export const a = async () => {}' },
  { rule: 'house/no-async-in-core', file: 'src/core/a.ts', code: 'const b = 1; export const a = await b' },
  { rule: 'house/no-async-in-core', file: 'src/core/a.ts', code: 'export type A = Promise<number>' },
  { rule: 'house/no-async-in-core', file: 'src/core/a.ts', code: "export const a = import('./b.ts')" },
  { rule: 'no-console', file: 'src/app/a.ts', code: "console.log('x')" },
  { rule: 'no-console', file: 'src/main.ts', code: "console.error('x')" },
  { rule: 'no-console', file: 'test/db/a.ts', code: "console.log('x')" },
];

const good: Example[] = [
  { rule: 'house/no-bare-error', file: 'src/platform/a.ts', code: "throw new Error('no')" },
  { rule: 'house/no-bare-error', file: 'src/app/a.ts', code: 'export class A extends Error {}' },
  { rule: 'house/no-bare-error', file: 'test/a.ts', code: "throw new Error('no')" },
  { rule: 'house/no-binary-float', file: 'test/a.ts', code: 'export const a = (1.1).toFixed(2)' },
  { rule: 'house/no-environment', file: 'src/config/a.ts', code: 'export const a = process.env.PORT' },
  { rule: 'house/no-environment', file: 'test/a.ts', code: 'export const a = process.env.STORM' },
  { rule: 'house/no-environment', file: 'src/main.ts', code: 'export const a = process.argv' },
  { rule: 'house/no-default-export', file: 'config/tools/a.ts', code: 'export default 1' },
  { rule: 'house/no-math-round-in-core', file: 'src/core/a.ts', code: 'export const a = Math.floor(1.5)' },
  { rule: 'house/no-clock-in-core', file: 'src/platform/a.ts', code: 'export const a = Date.now()' },
  { rule: 'house/no-async-in-core', file: 'src/app/a.ts', code: 'export async function a() {}' },
  { rule: 'no-console', file: 'src/cli/a.ts', code: "console.log('x')" },
  { rule: 'no-console', file: 'src/simulators/a.ts', code: "console.log('x')" },
  { rule: 'no-console', file: 'config/tools/a.ts', code: "console.log('x')" },
  { rule: 'no-console', file: 'test/bench/a.ts', code: "console.log('x')" },
];

let eslint: ESLint;

beforeAll(() => {
  eslint = new ESLint({
    cwd: ROOT,
    overrideConfigFile: 'config/tools/eslint.config.mjs',
    // The examples are not files of any project, so the rules that need types stay out.
    overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }],
  });
});

async function rulesBroken({ file, code }: Example): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${code};\n`, { filePath: resolve(ROOT, file) });
  const messages = result!.messages;
  expect(messages.filter(({ fatal }) => fatal)).toEqual([]);
  expect(messages.every(({ severity }) => severity === 2)).toBe(true);
  return messages.map(({ ruleId }) => ruleId);
}

describe('lint rules of this house', () => {
  it.each(bad)('$rule refuses in $file: $code', async (example) => {
    expect(await rulesBroken(example)).toContain(example.rule);
  });

  it.each(good)('$rule permits in $file: $code', async (example) => {
    expect(await rulesBroken(example)).not.toContain(example.rule);
  });

  it('each have a bad example here', () => {
    const shown = new Set(bad.map(({ rule }) => rule));
    expect([...houseRuleIds, 'no-console'].filter((rule) => !shown.has(rule))).toEqual([]);
  });
});
