import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** Where and with what figures were taken. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly database: string;
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? platform();
  } catch {
    return platform();
  }
}

/** Describes this machine. */
export function describeMachine(database: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()}, kernel ${release()}`,
    node: process.version,
    database,
  };
}

/** The same in one line. */
export function machineLine({ cpu, cores, memoryGiB, system, node, database }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB · ${system} · Node ${node} · ${database}`;
}
