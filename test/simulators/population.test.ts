import { describe, expect, it } from 'vitest';
import { DIALYSIS, makePopulation, TUMOUR, type InsuredPerson } from '../../src/simulators/population.ts';

const ORDER = { seed: 7, asOf: '2026-11-24', regions: ['310118', '320509', '330421'], perRegion: 1200 };
const population = makePopulation(ORDER);

function share(fits: (one: InsuredPerson) => boolean): number {
  return population.filter(fits).length / population.length;
}

describe('the population', () => {
  it('is the same for the same seed, byte for byte, and another for another', () => {
    expect(JSON.stringify(makePopulation(ORDER))).toBe(JSON.stringify(population));
    expect(JSON.stringify(makePopulation({ ...ORDER, seed: 8 }))).not.toBe(JSON.stringify(population));
  });

  it('has as many persons a county as asked, each with an id of their own', () => {
    const byRegion = Map.groupBy(population, ({ person }) => person.homeRegion);
    expect([...byRegion].map(([region, persons]) => [region, persons.length])).toEqual([
      ['310118', 1200],
      ['320509', 1200],
      ['330421', 1200],
    ]);
    expect(new Set(population.map(({ person }) => person.id)).size).toBe(3600);
  });

  it('has no life that cannot be', () => {
    for (const { person, accounts } of population) {
      const { birthDate, retiredOn, status, coverage, scheme } = person;
      expect(birthDate <= ORDER.asOf).toBe(true);
      expect(birthDate > '1930-01-01').toBe(true);
      expect(status === 'retired').toBe(retiredOn !== undefined);
      expect(retiredOn === undefined || retiredOn <= ORDER.asOf).toBe(true);
      expect(coverage[0]!.from >= birthDate).toBe(true);
      coverage.forEach(({ from, to }, at) => {
        expect(to === undefined || from <= to).toBe(true);
        expect(at === 0 || from > coverage[at - 1]!.to!).toBe(true);
      });
      expect(accounts.current >= 0 && accounts.carried >= 0).toBe(true);
      expect(scheme === 'resident' && accounts.current + accounts.carried > 0).toBe(false);
    }
  });

  it('has everybody whom the rules tell apart', () => {
    const isIn = ([low, high]: [number, number], fits: (one: InsuredPerson) => boolean): void => {
      expect(share(fits)).toBeGreaterThan(low);
      expect(share(fits)).toBeLessThan(high);
    };
    isIn([0.55, 0.65], ({ person }) => person.scheme === 'employee');
    isIn([0.02, 0.2], ({ person }) => person.retiredOn !== undefined && person.retiredOn < '2001-01-01');
    isIn([0.1, 0.4], ({ person }) => person.retiredOn !== undefined && person.retiredOn >= '2001-01-01');
    isIn([0.05, 0.25], ({ person }) => person.student);
    isIn([0.05, 0.25], ({ person }) => person.birthDate > '2009-01-01');
    isIn([0.005, 0.05], ({ person }) => person.severeDisability);
    isIn([0.005, 0.05], ({ person }) => person.medicalAid !== 'none');
    isIn([0.01, 0.08], ({ person }) => person.civilServant);
    isIn([0.3, 0.6], ({ person }) => person.familyDoctor);
    isIn([0.005, 0.05], ({ person }) => person.coverage.some(({ state }) => state === 'suspended'));
    isIn([0.005, 0.05], ({ person }) => person.coverage.every(({ to }) => to !== undefined));
    isIn([0.002, 0.03], ({ person }) => person.registrations.some(({ disease }) => disease === DIALYSIS));
    isIn([0.002, 0.03], ({ person }) => person.registrations.some(({ disease }) => disease === TUMOUR));
  });

  it('bears names of two or three characters', () => {
    expect(population.filter(({ person }) => !/^\p{Script=Han}{2,3}$/u.test(person.name))).toEqual([]);
  });
});
