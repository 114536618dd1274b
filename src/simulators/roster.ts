import { AppError } from '../platform/errors.ts';
import type { Chance } from './chance.ts';
import type { InsuredPerson } from './population.ts';

type Person = InsuredPerson['person'];

/** Whether nothing speaks against a settlement: insured, neither ended nor suspended. */
export function isInsured({ coverage }: Person): boolean {
  return coverage.length === 1 && coverage[0]?.to === undefined && coverage[0]?.state === 'active';
}

/** Hands out patients, each once, so that no bill of the day depends on another one of the same person. */
export class Roster {
  readonly #waiting: Map<string, Person[]>;

  constructor(persons: readonly InsuredPerson[], chance: Chance) {
    const shuffled = chance.pickSome(
      persons.map(({ person }) => person),
      persons.length,
    );
    this.#waiting = Map.groupBy(shuffled, ({ homeRegion }) => homeRegion);
  }

  /**
   * The next patient of a county whom the condition fits.
   *
   * @throws AppError BAD_SAMPLE_DATA when there is none left
   */
  next(homeRegion: string, fits: (person: Person) => boolean): Person {
    const waiting = this.#waiting.get(homeRegion) ?? [];
    const at = waiting.findIndex(fits);
    const [person] = at === -1 ? [] : waiting.splice(at, 1);
    if (person !== undefined) return person;
    throw new AppError('BAD_SAMPLE_DATA', `the population of ${homeRegion} has no patient left that fits`, {
      status: 500,
    });
  }
}
