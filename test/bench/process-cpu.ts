import { readFileSync } from 'node:fs';

// Linux counts in hundredths of a second on every machine that this bench meets (getconf CLK_TCK).
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process has used, all its threads, user and system. Linux only. */

export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB. Linux only. */
export function residentMiBOf(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
