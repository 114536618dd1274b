import { readFileSync } from 'node:fs';
import { isAlias, isCollection, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { FileErrors, type Path } from './rule-error.ts';

/** A document whose every scalar is text, so that no number passes through a binary float. */
export interface YamlFile {
  readonly file: string;
  /** Undefined when the text is not YAML; `errors` says why. */
  readonly tree: unknown;
  readonly errors: FileErrors;
}

/** The line of the deepest part of the path that exists; aliases are followed to where the value is written. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    const target: unknown = isAlias(node) ? node.resolve(document) : node;
    if (!isCollection(target)) break;
    const next: unknown = target.get(step, true);
    if (next === undefined) break;
    node = next;
    offset = (next as Node).range?.[0] ?? offset;
  }
  return lines.linePos(offset).line;
}

export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', merge: true, lineCounter: lines, prettyErrors: false });
  const errors = new FileErrors(file, (path) => lineOf(document, lines, path));
  for (const { message, pos } of document.errors) {
    errors.add([], message, lines.linePos(pos[0]).line);
  }
  if (!errors.none) return { file, tree: undefined, errors };
  try {
    return { file, tree: document.toJS(), errors };
  } catch (error) {
    // The parser refuses aliases that unfold without end.
    errors.add([], error instanceof Error ? error.message : String(error));
    return { file, tree: undefined, errors };
  }
}

export function readYaml(file: string): YamlFile {
  try {
    return parseYaml(file, readFileSync(file, 'utf8'));
  } catch (error) {
    const errors = new FileErrors(file);
    errors.add([], `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return { file, tree: undefined, errors };
  }
}
