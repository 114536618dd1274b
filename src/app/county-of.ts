import type { Principal } from './ports.ts';

/** The county that a caller speaks for: a fund itself, or the clerk of one; undefined for all others. */
export function countyOf({ kind, id, region }: Principal): string | undefined {
  if (kind === 'fund') return id;
  return kind === 'clerk' ? region : undefined;
}
