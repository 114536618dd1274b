import { readFileSync } from 'node:fs';

// Linux counts in hundredths of a second on every machine that this bench meets (getconf CLK_TCK).
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used, all its threads, user and system. Linux only. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB. Linux only. */
export function residentMiBOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/**
 * CPU seconds that the machine has spent on processes, whoever's, and that its host kept for others. Interrupts are left
 * out: on loopback they are our own packets, and no process is charged for them.
 */
function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = readFileSync('/proc/stat', 'latin1')
    .slice(0, 200)
    .split('\n', 1)[0]!
    .split(/ +/)
    .map(Number);
  return (user + nice + system + steal) / TICKS_PER_SECOND;
}

/** What processes used while something was measured. */
export interface CpuUse<Name extends string> {
  /** CPU seconds by name. */
  readonly seconds: Readonly<Record<Name, number>>;
  /** Cores that everybody else on the machine used on average. */
  readonly othersCores: number;
}

/** Watches named groups of processes, and this one, until it is asked what they used. */
export function watchCpu<Name extends string>(pids: Readonly<Record<Name, readonly number[]>>): () => CpuUse<Name> {
  const names = Object.keys(pids) as Name[];
  const now = (): Record<Name, number> =>
    Object.fromEntries(
      names.map((name) => [name, pids[name].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)]),
    ) as Record<Name, number>;
  const total = (seconds: Record<Name, number>): number => names.reduce((sum, name) => sum + seconds[name], 0);
  const startedAt = performance.now();
  const before = { busy: busySeconds(), own: cpuSecondsOf(process.pid), seconds: now() };
  return () => {
    const seconds = now();
    const ours = total(seconds) - total(before.seconds) + cpuSecondsOf(process.pid) - before.own;
    const elapsed = (performance.now() - startedAt) / 1000;
    return {
      seconds: Object.fromEntries(names.map((name) => [name, seconds[name] - before.seconds[name]])) as Record<
        Name,
        number
      >,
      othersCores: Math.max(0, (busySeconds() - before.busy - ours) / elapsed),
    };
  };
}
