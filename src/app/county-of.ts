import type { Principal } from './ports.ts';

/** The county that a caller speaks for: a fund itself, or the clerk of one; undefined for all others. */
export function countyOf({ kind, id, region }: Principal): string | undefined {
  if (kind === 'fund') return id;
  return kind === 'clerk' ? region : undefined;
}

/** Whether something between counties is a caller's to see: an operator sees all, a county what it is part of. */
export function isPartyOf(caller: Principal, ...regions: readonly string[]): boolean {
  return caller.kind === 'operator' || regions.includes(countyOf(caller) ?? '');
}
