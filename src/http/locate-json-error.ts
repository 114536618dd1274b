const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What may come next: a value, the first member or `}`, the next member, or `,` and the container's end. */
type Expected = 'value' | 'valueOrEnd' | 'keyOrEnd' | 'key' | 'separator';

class Scanner {
  readonly #text: string;
  readonly #open: ('{' | '[')[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found !== null;
  }

  /** Goes on over one token; undefined when what stands there fits nothing. */
  #step(expected: Expected): Expected | undefined {
    const character = this.#text[this.#at];
    const container = this.#open.at(-1);
    if (expected === 'separator') {
      if (container === undefined) return undefined;
      this.#at += 1;
      if (character === ',') return container === '{' ? 'key' : 'value';
      if (character === (container === '{' ? '}' : ']')) return this.#close();
      this.#at -= 1;
      return undefined;
    }
    if (expected === 'key' || expected === 'keyOrEnd') {
      if (character === '}' && expected === 'keyOrEnd') return this.#closeAfter();
      if (!this.#skip(STRING)) return undefined;
      this.#skip(SPACE);
      if (this.#text[this.#at] !== ':') return undefined;
      this.#at += 1;
      return 'value';
    }
    if (character === ']' && expected === 'valueOrEnd') return this.#closeAfter();
    if (character === '{' || character === '[') {
      this.#open.push(character);
      this.#at += 1;
      return character === '{' ? 'keyOrEnd' : 'valueOrEnd';
    }
    return this.#skip(STRING) || this.#skip(SCALAR) ? 'separator' : undefined;
  }

  #closeAfter(): Expected {
    this.#at += 1;
    return this.#close();
  }

  #close(): Expected {
    this.#open.pop();
    return 'separator';
  }

  firstError(): number {
    let expected: Expected | undefined = 'value';
    while (expected !== undefined) {
      this.#skip(SPACE);
      expected = this.#step(expected);
    }
    return this.#at;
  }
}

/**
 * Where a text stops being JSON. The parser's own messages give a position only sometimes, and quote the text around it,
 * which is somebody's bill.
 *
 * @shape text that is not JSON → line and column, from 1
 */
export function locateJsonError(text: string): { line: number; column: number } {
  const before = text.slice(0, new Scanner(text).firstError());
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: before.length - lastBreak };
}
