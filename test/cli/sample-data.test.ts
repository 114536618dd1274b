import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadChargeMaster, loadPersonas } from '../../src/cli/sample/sample-data.ts';
import { CONFIG_DIR, sampleGround, sampleOf } from '../support/sample.ts';

const ground = sampleGround();
const PUPIL = '320509900000001';
const UREMIA = '310118300000004';

function personaOn(day: string, id: string) {
  return loadPersonas(CONFIG_DIR, ground.rulebook, day).find(({ person }) => person.id === id)!;
}

/** A copy of `config/sample` in which one text is another. */
function changedSample(file: string, from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-sample-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(CONFIG_DIR, 'sample'), join(folder, 'sample'), { recursive: true });
  const path = join(folder, 'sample', file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  return folder;
}

describe('personas', () => {
  it('stand in the benefit year of the day: amounts in fen, admissions counted', () => {
    expect(personaOn('2026-11-24', PUPIL).accumulators).toEqual({
      '2026-04-01': {
        outpatientCovered: 18_000,
        admissions: 1,
        hospitalExpense: 632_000,
        hospitalCovered: 632_000,
        selfPayBase: 195_500,
      },
    });
    expect(Object.keys(personaOn('2027-05-01', PUPIL).accumulators)).toEqual(['2027-04-01']);
  });

  it('are registered and insured on any day as they are on the day they were written for', () => {
    const [written] = personaOn('2026-11-24', UREMIA).person.registrations;
    expect(written).toEqual({ disease: 'M07801', from: '2026-07-15', to: '2027-01-14', periodsFrom: '2023-03-02' });
    const [later] = personaOn('2028-11-23', UREMIA).person.registrations;
    expect(later).toEqual({ disease: 'M07801', from: '2028-07-14', to: '2029-01-13', periodsFrom: '2025-03-01' });
    expect(personaOn('2028-11-23', UREMIA).person.birthDate).toBe('1966-01-30');
  });

  it('are refused with a name that no policy counts, or a word that is no amount', () => {
    const load = (folder: string) => () => loadPersonas(folder, ground.rulebook, '2026-11-24');
    const unknown = changedSample('personas.yaml', 'outpatientCovered: "180.00"', 'outpatientCovred: "180.00"');
    expect(load(unknown)).toThrow(`${PUPIL}.accumulators.outpatientCovred is no yearly accumulator`);
    const word = changedSample('personas.yaml', 'outpatientCovered: "180.00"', 'outpatientCovered: "180.005"');
    expect(load(word)).toThrow(`${PUPIL}.accumulators.outpatientCovered is not an amount`);
    const key = changedSample('personas.yaml', 'familyDoctor: true', 'familyDocter: true');
    expect(load(key)).toThrow(/personas\.yaml:\d+: persons\[0\]\.familyDocter unknown key/);
  });
});

describe('the charge master', () => {
  it('is refused with another heading or a row of another length', () => {
    expect(loadChargeMaster(CONFIG_DIR).length).toBeGreaterThan(400);
    const heading = changedSample('charge-master.csv', 'typicalQuantity', 'quantity');
    expect(() => loadChargeMaster(heading)).toThrow(/charge-master\.csv:1: heading/);
    const row = changedSample('charge-master.csv', '盒,6.8000,', '盒,6.8000,,');
    expect(() => loadChargeMaster(row)).toThrow(/charge-master\.csv:2: row has another length/);
  });
});

describe('earlier spending', () => {
  it('leaves nobody with less than nothing, and most with a part of the year used', () => {
    const population = sampleOf('2026-11-24', ground).persons.slice(0, 3600);
    for (const { accounts, accumulators } of population) {
      const amounts = Object.values(accumulators).flatMap((names) => Object.values(names));
      expect(Math.min(accounts.current, accounts.carried, ...amounts)).toBeGreaterThanOrEqual(0);
    }
    const used = population.filter(({ accumulators }) => Object.keys(accumulators).length > 0).length;
    expect(used / population.length).toBeGreaterThan(0.3);
    expect(used / population.length).toBeLessThan(0.7);
  });
});
