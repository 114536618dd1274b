// A rule is an error or it is off: warnings are read by nobody.

import { resolve } from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { houseRuleBlocks } from './house-rules.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const TYPED = ['**/*.ts', '**/*.tsx'];

const strict = {
  name: 'typed sources',
  files: TYPED,
  extends: [...tseslint.configs.strictTypeChecked],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
  rules: {
    // Numbers and booleans read well in a message; objects and undefined do not.
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    // `() => void doIt()` in a callback is plain; elsewhere a value used from nothing is a slip.
    '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    // `while (true)` with a reason to leave inside is the honest form of a worker's loop.
    '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
    // `Dated<Ratio>` names the unit even where it is the default.
    '@typescript-eslint/no-unnecessary-type-arguments': 'off',
    // A port is asynchronous even where one engine answers at once (better-sqlite3).
    '@typescript-eslint/require-await': 'off',
    // An underscore says: the signature asks for it, we do not.
    '@typescript-eslint/no-unused-vars': [
      'error',
      { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true },
    ],
    // A case for a new state must be written where states are told apart, not fall to a default.
    '@typescript-eslint/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
    ],
    // The import table tells types from values; an inline `type` would hide the difference.
    '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    '@typescript-eslint/no-import-type-side-effects': 'error',
    '@typescript-eslint/consistent-type-exports': 'error',
  },
};

const everywhere = {
  name: 'everywhere',
  rules: {
    eqeqeq: 'error',
    'no-console': 'error',
    'no-constant-binary-expression': 'error',
    'no-implicit-coercion': ['error', { allow: ['!!'] }],
    'no-param-reassign': 'error',
    'no-template-curly-in-string': 'error',
    'no-unreachable-loop': 'error',
    'no-var': 'error',
    'object-shorthand': 'error',
    'prefer-const': 'error',
  },
};

const plainScripts = {
  name: 'plain scripts',
  files: ['**/*.mjs', '**/*.js'],
  rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }], 'no-redeclare': 'error' },
};

/** Programs that speak to a person at a terminal. */
const speakers = {
  name: 'may print',
  files: ['src/cli/**', 'src/simulators/**', 'config/tools/**', 'test/bench/**'],
  rules: { 'no-console': 'off' },
};

const tests = {
  name: 'tests',
  files: ['test/**'],
  rules: {
    // A test that reads a missing thing fails there and then, which is what it is for.
    '@typescript-eslint/no-non-null-assertion': 'off',
    // expect(store.method) hands over methods without calling them.
    '@typescript-eslint/unbound-method': 'off',
  },
};

export default defineConfig(
  { name: 'not ours', ignores: ['node_modules/', '.data/', 'data/', 'coverage/', '**/dist/'] },
  { name: 'no unused excuses', linterOptions: { reportUnusedDisableDirectives: 'error' } },
  everywhere,
  strict,
  plainScripts,
  speakers,
  tests,
  ...houseRuleBlocks,
);
