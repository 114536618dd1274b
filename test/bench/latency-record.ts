/** What a load came to. */
export interface LoadResult {
  readonly requests: number;
  /** By HTTP status; 0 where there was no answer. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** What the generator itself used. */
  readonly clientCpuSeconds: number;
}

/** The smallest figure that a share of all figures does not exceed. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Answers that were not 2xx. */
export function failuresOf({ statuses }: Pick<LoadResult, 'statuses'>): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => (status.startsWith('2') ? sum : sum + count), 0);
}

/** Takes latencies down as plain numbers, without an object for each. */
export class LatencyRecord {
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #statuses: Record<number, number> = {};
  #latencies = new Float64Array(65_536);
  #count = 0;

  add(status: number, latencyMs: number): void {
    if (this.#count === this.#latencies.length) {
      const longer = new Float64Array(this.#count * 2);
      longer.set(this.#latencies);
      this.#latencies = longer;
    }
    this.#latencies[this.#count++] = latencyMs;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
  }

  result(): LoadResult {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const sorted = this.#latencies.slice(0, this.#count).sort();
    return {
      requests: sorted.length,
      statuses: this.#statuses,
      seconds,
      perSecond: sorted.length / seconds,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? 0,
      clientCpuSeconds: (user + system) / 1e6,
    };
  }
}
