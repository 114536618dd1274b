// Rules of this house that no lint package has: each is a syntax selector, where it holds, and what to do instead.
// A wrong selector fails silently, so test/tools/lint-rules.test.ts holds a bad example for every one of them.

const CORE = ['src/core/**'];
const SOURCES = ['src/**'];

const houseRules = [
  {
    name: 'no-bare-error',
    files: SOURCES,
    ignores: ['src/platform/**'],
    selectors: [':matches(NewExpression, CallExpression)[callee.name=/^(Error|TypeError|RangeError)$/]'],
    message: 'Throw an AppError (the world failed), use invariant (a bug), or return a rejection (a lawful no).',
  },
  {
    name: 'no-binary-float',
    files: SOURCES,
    selectors: [
      "CallExpression[callee.name='parseFloat']",
      "MemberExpression[property.name='parseFloat']",
      "MemberExpression[property.name='toFixed']",
    ],
    message: 'Money never passes through a binary float: read and write amounts with core/money.',
  },
  {
    name: 'no-environment',
    files: SOURCES,
    ignores: ['src/config/**'],
    selectors: [
      "MemberExpression[object.name='process'][property.name='env']",
      "MemberExpression[object.property.name='process'][property.name='env']",
      "VariableDeclarator[init.name='process'] > ObjectPattern > Property[key.name='env']",
      "ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name='env']",
    ],
    message: 'Only src/config reads the environment; take the setting from the loaded configuration.',
  },
  {
    name: 'no-default-export',
    files: SOURCES,
    selectors: ['ExportDefaultDeclaration', "ExportSpecifier[exported.name='default']"],
    message: 'Export by name, so that a thing has one name everywhere.',
  },
  {
    name: 'no-math-round-in-core',
    files: CORE,
    selectors: ["MemberExpression[object.name='Math'][property.name='round']"],
    message: 'Math.round is not half-up for negatives: round at the named points of core/money only.',
  },
  {
    name: 'no-clock-in-core',
    files: CORE,
    selectors: [
      "MemberExpression[object.name='Date'][property.name='now']",
      ":matches(NewExpression, CallExpression)[callee.name='Date']",
      "MemberExpression[object.name='performance']",
      'CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate|queueMicrotask)$/]',
    ],
    message: 'The core has no clock: dates and instants are facts that the caller passes in.',
  },
  {
    name: 'no-chance-in-core',
    files: CORE,
    selectors: [
      "MemberExpression[object.name='Math'][property.name='random']",
      "MemberExpression[object.name='crypto']",
    ],
    message: 'The core has no randomness: ids are facts that the caller passes in.',
  },
  {
    name: 'no-async-in-core',
    files: CORE,
    selectors: [
      ':function[async=true]',
      'AwaitExpression',
      'ForOfStatement[await=true]',
      "Identifier[name='Promise']",
      'ImportExpression',
    ],
    message: 'The core waits for nothing: fetch the facts before, act on the verdict after.',
  },
];

function ruleFrom({ selectors, message }) {
  return {
    meta: { type: 'problem', schema: [], messages: { found: message } },
    create: (context) =>
      Object.fromEntries(
        selectors.map((selector) => [selector, (node) => context.report({ node, messageId: 'found' })]),
      ),
  };
}

const plugin = { rules: Object.fromEntries(houseRules.map((rule) => [rule.name, ruleFrom(rule)])) };

/** The names, as ESLint reports them. */
export const houseRuleIds = houseRules.map((rule) => `house/${rule.name}`);

/** One configuration block a rule, because each has its own reach. */
export const houseRuleBlocks = houseRules.map((rule) => ({
  name: `house/${rule.name}`,
  files: rule.files,
  ...(rule.ignores === undefined ? {} : { ignores: rule.ignores }),
  plugins: { house: plugin },
  rules: { [`house/${rule.name}`]: 'error' },
}));
