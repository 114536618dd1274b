import type { z } from 'zod';
import type { FieldProblem } from '../platform/errors.ts';

type Issue = z.core.$ZodIssue;

const KEY_MAX = 60;
/** More than a bill of a thousand lines can have wrong; what has more is not a bill. */
const PROBLEMS_MAX = 10_000;

/** `['lines', 3, 'price']` → `lines[3].price`; the root of the input is `(body)`. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (left, key) => (typeof key === 'number' ? `${left}[${key}]` : `${left}${left === '' ? '' : '.'}${String(key)}`),
    '',
  );
  return text === '' ? '(body)' : text;
}

/** Says what is wrong without repeating what was sent: that may be somebody's name. */
function problemText(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? 'is missing' : `is not of type ${issue.expected}`;
    case 'too_big':
      return boundText(issue.origin, Number(issue.maximum), 'more');
    case 'too_small':
      return boundText(issue.origin, Number(issue.minimum), 'less');
    case 'invalid_value':
      return `is not one of ${issue.values.map(String).join(', ')}`;
    default:
      return issue.message;
  }
}

function boundText(origin: string, bound: number, side: 'more' | 'less'): string {
  if (origin === 'string') return side === 'less' && bound === 1 ? 'is empty' : `has ${side} than ${bound} characters`;
  if (origin === 'array') return side === 'less' && bound === 1 ? 'is empty' : `has ${side} than ${bound} entries`;
  return `is ${side} than ${bound}`;
}

/** What a schema found wrong, once a field (an empty text is also of the wrong form), by its path. */
export function fieldProblems(issues: readonly Issue[]): FieldProblem[] {
  const found = issues.slice(0, PROBLEMS_MAX).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ field: pathText(issue.path), problem: problemText(issue) }];
    return issue.keys.map((key) => ({
      field: pathText([...issue.path, key.slice(0, KEY_MAX)]),
      problem: 'is not a known field',
    }));
  });
  const byField = new Map<string, FieldProblem>();
  for (const each of found) if (!byField.has(each.field)) byField.set(each.field, each);
  return [...byField.values()];
}
