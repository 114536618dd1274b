import type { FundFaults } from '../schemas/simulators.ts';

/** Ways to switch the simulated fund systems of this process, by region. */
export type SimulatorSwitches = ReadonlyMap<
  string,
  {
    faults(): FundFaults;
    setFaults(faults: FundFaults): void;
  }
>;
