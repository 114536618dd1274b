import { createHash } from 'node:crypto';

/** JSON with sorted keys, so that the order in which a file is written does not matter. */
export function canonicalJson(tree: unknown): string {
  if (Array.isArray(tree)) return `[${tree.map(canonicalJson).join(',')}]`;
  if (typeof tree === 'object' && tree !== null) {
    const entries = Object.entries(tree).sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`;
  }
  return JSON.stringify(tree);
}

/** The first 128 bits of SHA-256, in hex. */
export function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
