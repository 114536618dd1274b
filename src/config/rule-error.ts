import { join, relative, sep } from 'node:path';

/** Keys and list positions from the root of a document. */
export type Path = readonly (string | number)[];

/** One thing that keeps rules from being used. */
export interface RuleError {
  readonly file: string;
  /** Where inside the file: `benefits.outpatient.caps[0].amount`, or `row 12, class` in a catalogue; empty for the file itself. */
  readonly path: string;
  readonly reason: string;
  readonly line: number | undefined;
}

export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** The same error by the file's place in its folder, for readers who are not to see where on the machine that is. */
export function inFolder(folder: string, { file, reason, ...error }: RuleError): RuleError {
  // A reason may name another file.
  return { file: relative(folder, file) || '.', ...error, reason: reason.replaceAll(join(folder, sep), '') };
}

/** Reports every name that stood in the list before. */
export function reportTwice(names: readonly string[], pathOf: (at: number) => Path, errors: FileErrors): void {
  names.forEach((name, at) => {
    if (names.indexOf(name) < at) errors.add(pathOf(at), `${name} is there twice`);
  });
}

/** The errors of one file, collected so that all are reported at once. */
export class FileErrors {
  readonly #file: string;
  readonly #lineOf: (path: Path) => number | undefined;
  readonly #root: Path;
  /** By what they say: the same thing found on two ways is one error. */
  readonly #found: Map<string, RuleError>;

  constructor(
    file: string,
    lineOf: (path: Path) => number | undefined = () => undefined,
    root: Path = [],
    found = new Map<string, RuleError>(),
  ) {
    this.#file = file;
    this.#lineOf = lineOf;
    this.#root = root;
    this.#found = found;
  }

  get found(): readonly RuleError[] {
    return [...this.#found.values()];
  }

  get none(): boolean {
    return this.#found.size === 0;
  }

  /** The same errors for a document that stands inside this one, whose paths begin at its own root. */
  under(root: Path): FileErrors {
    return new FileErrors(this.#file, this.#lineOf, [...this.#root, ...root], this.#found);
  }

  add(path: Path, reason: string, line = this.#lineOf([...this.#root, ...path])): void {
    const text = pathText([...this.#root, ...path]);
    const key = `${text}: ${reason}`;
    if (!this.#found.has(key)) this.#found.set(key, { file: this.#file, path: text, reason, line });
  }
}
