const SHANGHAI_OFFSET_MS = 8 * 60 * 60 * 1000;

/** An instant as it reads in Asia/Shanghai: `2026-11-24T09:30:00.000+08:00`. */
export function shanghaiInstant(instantMs: number): string {
  return `${new Date(instantMs + SHANGHAI_OFFSET_MS).toISOString().slice(0, 23)}+08:00`;
}

/** The same of what may not have happened yet. */
export function optionalInstant(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : shanghaiInstant(atMs);
}
