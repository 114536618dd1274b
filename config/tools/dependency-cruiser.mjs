// Which part may know which: the import table of the design as rules. Each comment says what to do instead.
// test/tools/import-rules.test.ts holds one violation of every rule.

const PORTS = '^src/app/([a-z]+/|)ports[.]ts$';
const OURS = '^(src|test|migrations|config)/';

/** A folder of src that may import itself and what is listed, and nothing else of ours. */
function layer({ name, folder, mayImport = [], mayImportTypesOf, comment }) {
  const allowed = [`^src/${folder}/`, ...mayImport];
  const beyond = {
    name,
    comment,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: OURS, pathNot: mayImportTypesOf === undefined ? allowed : [...allowed, mayImportTypesOf] },
  };
  if (mayImportTypesOf === undefined) return [beyond];
  const values = {
    name: `${name}-as-types`,
    comment: `Ports are shapes: write \`import type\`. ${comment}`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: mayImportTypesOf, dependencyTypesNot: ['type-only'] },
  };
  return [beyond, values];
}

/** A package that one part of src wraps, so that the rest does not depend on it. */
function wrapped({ name, packages, by, comment }) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: '^src/', pathNot: by },
    to: { path: `(^|/)node_modules/(@types/)?(${packages.join('|')})(/|$)` },
  };
}

const CORE = '^src/core/';
const APP = '^src/app/';
const PLATFORM = '^src/platform/';
const SCHEMAS = '^src/http/schemas/';

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Move what both sides need into a third file, or pass it in as an argument.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment:
        'The file or package does not exist: correct the path (with its .ts) or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      comment:
        'What runs in production is a dependency in package.json, neither a devDependency nor a guest of another.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-is-pure',
      comment: 'Core knows itself and decimal.js. Facts are fetched by a use case in app and passed in as plain data.',
      severity: 'error',
      from: { path: CORE },
      to: { pathNot: [CORE, '(^|/)node_modules/decimal\\.js/'] },
    },
    ...layer({
      name: 'app-knows-core-and-ports',
      folder: 'app',
      mayImport: [CORE, PLATFORM],
      comment: 'Name what the use case needs as a port in src/app/ports.ts; main.ts passes the implementation in.',
    }),
    ...layer({
      name: 'db-implements-ports',
      folder: 'db',
      mayImport: [CORE, PLATFORM],
      mayImportTypesOf: PORTS,
      comment: 'db implements ports over core types. A decision belongs in core, an order of steps in app.',
    }),
    ...layer({
      name: 'partners-implement-ports',
      folder: 'partners',
      mayImport: [CORE, PLATFORM],
      mayImportTypesOf: PORTS,
      comment: 'partners implement ports over core types. What they must read or write reaches them through a port.',
    }),
    ...layer({
      name: 'http-calls-use-cases',
      folder: 'http',
      mayImport: [APP, CORE, PLATFORM],
      comment: 'An endpoint parses, calls a use case of app and answers; rows and partners are reached from there.',
    }),
    ...layer({
      name: 'jobs-call-use-cases',
      folder: 'jobs',
      mayImport: [APP, PLATFORM],
      comment: 'A job calls one use case of app; what it works on is the matter of that use case.',
    }),
    ...layer({
      name: 'config-knows-policy-shapes',
      folder: 'config',
      mayImport: [
        '^src/core/(policy|money|casework|lifecycle)/',
        '^src/core/(calendar|working-days|invariant)\\.ts$',
        PLATFORM,
      ],
      comment: 'config reads and checks settings and policies; who needs a setting is given it by main.ts.',
    }),
    ...layer({
      name: 'platform-stands-alone',
      folder: 'platform',
      comment: 'platform has no business words: move what needs them to the part that owns them.',
    }),
    ...layer({
      name: 'simulators-speak-the-public-api',
      folder: 'simulators',
      mayImport: [SCHEMAS, PLATFORM],
      comment:
        'A simulator stands for an outside system: it may know src/http/schemas, as any outsider may, and no more.',
    }),
    ...layer({
      name: 'web-uses-its-client',
      folder: 'web',
      comment: 'Pages reach the engine over HTTP through the typed client in src/web.',
    }),
    {
      name: 'main-is-the-root',
      comment: 'main.ts and the command wire everything and are wired by nothing: move the shared part below them.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|main\\.ts$)' },
      to: { path: '^src/(cli/|main\\.ts$)' },
    },
    {
      name: 'migrations-are-frozen',
      comment: 'A migration must do the same for ever: write out what it needs, do not import what may change.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '^(src|test|config)/' },
    },
    {
      name: 'src-never-imports-tests',
      comment: 'Move the shared part into src (a simulator, perhaps).',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    wrapped({
      name: 'drivers-only-in-db',
      packages: ['knex', 'mysql2', 'better-sqlite3'],
      by: '^src/db/',
      comment: 'Ask for rows through a port; its implementation in src/db is the only user of database drivers.',
    }),
    wrapped({
      name: 'breakers-only-in-partners',
      packages: ['opossum'],
      by: '^src/partners/',
      comment: 'Call out through a port; src/partners owns the breakers.',
    }),
    wrapped({
      name: 'express-only-at-the-edge',
      packages: ['express', 'express-serve-static-core'],
      by: '^src/(http|simulators)/',
      comment: 'Requests and responses end in src/http; hand plain data inwards.',
    }),
    wrapped({
      name: 'schedules-only-in-jobs',
      packages: ['node-cron'],
      by: '^src/jobs/',
      comment: 'Put the time of day into the schedule of src/jobs and the work into a use case.',
    }),
  ],
  options: {
    // Types count as imports: a part that needs another's types knows that part.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};

export default configuration;
