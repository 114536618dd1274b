/** Counties of the bench; persons and institutions are spread over them. */
export const BENCH_REGIONS = ['310118', '320509', '330421'] as const;

/** What is in each person's carried-over account at the start. */
export const CARRIED_FEN = 80_000;

/** Person ids of the bench, all of one length: thirds of the population live in the three counties. */
export function benchPersonId(index: number): string {
  return `${BENCH_REGIONS[index % 3] ?? ''}3${String(index).padStart(8, '0')}`;
}

/** Institution ids of the bench, spread over the three counties. */
export function benchInstitutionIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `H${BENCH_REGIONS[index % 3] ?? ''}${90_000 + index}`);
}

/** An institution with its key. */
export interface BenchInstitution {
  readonly id: string;
  readonly key: string;
}

/** Keys of the bench: nobody else can reach the loopback service that knows them. */
export function benchInstitutions(ids: readonly string[]): BenchInstitution[] {
  return ids.map((id) => ({ id, key: `bench-key-of-${id}` }));
}
