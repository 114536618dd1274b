import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** What git tracks or would track: the tree as the next commit sees it. */
function listFiles(): string[] {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '' && statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile() === true);
}

const files = listFiles();
const TEXT = new Set([
  '.ts',
  '.tsx',
  '.mjs',
  '.js',
  '.json',
  '.yaml',
  '.yml',
  '.md',
  '.html',
  '.css',
  '.csv',
  '.sql',
  '',
]);

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function under(...folders: string[]): string[] {
  return files.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
}

/** `path:line: text` of every line that matches. */
function linesMatching(paths: string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((text, index) => (pattern.test(text) ? [`${path}:${index + 1}: ${text.trim()}`] : [])),
  );
}

const textFiles = files.filter((path) => TEXT.has(extname(path)));
const code = under('src', 'test', 'migrations', 'config', 'docker').filter((path) => TEXT.has(extname(path)));

describe('names', () => {
  it('keep the top level closed', () => {
    const known = ['src', 'config', 'migrations', 'test', 'docker', 'package.json', 'tsconfig.json', 'README.md'];
    const besides = ['package-lock.json', 'LICENSE'];
    const top = new Set(files.map((path) => path.split('/')[0]!));
    expect([...top].filter((name) => ![...known, ...besides].includes(name) && !name.startsWith('.'))).toEqual([]);
  });

  it('are kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
    const excepted = [/^[A-Z]+\.md$/, /^Dockerfile$/, /^\d{14}_[a-z0-9]+(-[a-z0-9]+)*\.ts$/, /^\./];
    const fits = (name: string) => kebab.test(name) || excepted.some((pattern) => pattern.test(name));
    expect(
      under('src', 'config', 'migrations', 'test', 'docker').filter((path) => !path.split('/').every(fits)),
    ).toEqual([]);
  });

  it('say what a file is about', () => {
    const empty = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'managers', 'misc']);
    const words = (path: string) => path.split(/[/.\-_]/);
    expect(
      under('src', 'config', 'migrations', 'test').filter((path) => words(path).some((word) => empty.has(word))),
    ).toEqual([]);
  });
});

describe('files', () => {
  it('of src tell one thing: no more than 450 lines', () => {
    const lines = (path: string) => read(path).trimEnd().split('\n').length;
    const sources = under('src').filter((path) => /\.(ts|tsx|js|html|css)$/.test(path));
    expect(sources.filter((path) => lines(path) > 450).map((path) => `${path}: ${lines(path)}`)).toEqual([]);
  });

  it('are smaller than a megabyte', () => {
    expect(files.filter((path) => statSync(join(ROOT, path)).size > 1_000_000)).toEqual([]);
  });

  it('hold nothing unfinished or switched off', () => {
    // In pieces, so that this file does not find itself.
    const marks = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((mark) => `\\b${mark}\\b`).join('|');
    const unfinished = new RegExp(`${marks}|\\b(it|test|describe)(\\.\\w+)*\\.(only|skip|todo)\\b`);
    expect(linesMatching(code, unfinished)).toEqual([]);
  });

  it('name no folder of one machine', () => {
    // Such a folder at the start of a path: after a blank, a quote, a bracket, `=`, `:` or a file URL's slashes.
    const machine = /(^|[\s"'`(=:]|file:\/\/)\/(home|root|work|Users)\//;
    expect(linesMatching(textFiles, machine)).toEqual([]);
  });

  it('name no host that packages are fetched from', () => {
    expect(linesMatching(textFiles, /\bregistry\.[a-z]+\.(org|com|io|cn)\b|^\s*"resolved": "http/)).toEqual([]);
  });
});

describe('src/core', () => {
  const exported = /^export (?:declare |abstract |async )*(function|class|const|interface|type)\*? (\w+)/;

  /** The exports without a docstring right before them; a further overload shares the first one's. */
  function undocumented(path: string): string[] {
    const lines = read(path).split('\n');
    const seen = new Set<string>();
    return lines.flatMap((line, index) => {
      const name = exported.exec(line)?.[2];
      if (name === undefined || seen.has(name)) return [];
      seen.add(name);
      return isDocumented(lines, index) ? [] : [`${path}:${index + 1}: ${name}`];
    });
  }

  function isDocumented(lines: string[], index: number): boolean {
    if (!lines[index - 1]?.trimEnd().endsWith('*/')) return false;
    const opening = lines.slice(0, index).findLast((line) => line.trimStart().startsWith('/*'));
    return opening?.trimStart().startsWith('/**') === true;
  }

  it('documents every export', () => {
    expect(
      under('src/core')
        .filter((path) => path.endsWith('.ts'))
        .flatMap(undocumented),
    ).toEqual([]);
  });
});

describe('migrations', () => {
  const migrations = under('migrations').filter((path) => path.endsWith('.ts'));
  const builderColumn = /\.(\w+)\(\s*'(\w+)'/g;
  const sqlColumn = /[`"]?\b([a-z]\w*)[`"]?\s+((?:BIG|SMALL|MEDIUM|TINY)?INT(?:EGER)?)\b/gi;
  const integers = /^(bigInteger|bigint|integer|smallint|mediumint|tinyint|int)$/i;
  const money =
    /(^|_)(amount|total|fee|pay|paid|payment|cash|price|cost|balance|net|gross|owed|deductible|exposure|prefund)(_|$)/;
  const counts = /_(id|no|seq|count|days|version|at|ms|per_mille|bytes)$/;

  interface Column {
    path: string;
    name: string;
    type: string;
  }

  const columns: Column[] = migrations.flatMap((path) => {
    const text = read(path);
    const built = [...text.matchAll(builderColumn)].map(([, type, name]) => ({ path, name: name!, type: type! }));
    const written = [...text.matchAll(sqlColumn)].map(([, name, type]) => ({ path, name: name!, type: type! }));
    return [...built, ...written].filter(({ type }) => integers.test(type));
  });

  it('hold no fractions', () => {
    const fractions = /\.(float|double|decimal|real)\(|\b(FLOAT|DOUBLE|DECIMAL|NUMERIC|REAL)\b/;
    expect(linesMatching(migrations, fractions)).toEqual([]);
  });

  it('keep money in big integers called …_fen', () => {
    const misnamed = columns.filter(({ name }) => money.test(name) && !name.endsWith('_fen') && !counts.test(name));
    const narrow = columns.filter(({ name, type }) => name.endsWith('_fen') && !/^big/i.test(type));
    expect([...misnamed, ...narrow]).toEqual([]);
  });
});
