import type { County, Institution, PersonImport } from '../../app/ports.ts';
import type { DateText } from '../../core/calendar.ts';
import type { CatalogueItem } from '../../core/policy/catalogue.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { createBillMaker } from '../../simulators/bill-maker.ts';
import { createChargeBook, type ChargeBook } from '../../simulators/charge-book.ts';
import { addDays } from '../../simulators/days.ts';
import { makePopulation } from '../../simulators/population.ts';
import { planSampleDay } from '../../simulators/sample-day.ts';
import type { Visit } from '../../simulators/visits.ts';
import { withEarlierSpending } from './earlier-spending.ts';
import { loadChargeMaster, loadPersonas } from './sample-data.ts';

/** What a sample is built from, beside the files of `config/sample`. */
export interface SampleGround {
  readonly configDir: string;
  readonly rulebook: Rulebook;
  readonly regions: readonly County[];
  readonly institutions: readonly Institution[];
}

/** Everybody insured in the counties as of a day, and what a day brings. */
export interface Sample {
  readonly persons: readonly PersonImport[];
  readonly visits: readonly Visit[];
}

const SEED = 20_200_820;
const PERSONS_A_COUNTY = 1200;
/** An ordinary consultation: class A in every county. */
const EARLIER_ITEM = '001102000010000';

function chargeBookOf({ configDir, rulebook, regions }: SampleGround, day: DateText): ChargeBook {
  const catalogued = regions.flatMap(({ code }) => [...(rulebook.catalogueOn(code, day)?.items.values() ?? [])]);
  const codes = (fits: (item: CatalogueItem) => boolean): Set<string> =>
    new Set(catalogued.filter(fits).map(({ code }) => code));
  return createChargeBook(loadChargeMaster(configDir), {
    restricted: codes(({ restriction }) => restriction !== undefined),
    limited: codes(({ priceLimit }) => priceLimit !== undefined),
  });
}

/** An institution's own codes by national code: the mapping, read backwards. */
function ownCodesOf({ mapping }: Institution): Map<string, string> {
  return new Map(Array.from(mapping, ([own, national]) => [national, own]));
}

/**
 * Builds the sample of a day. The same day makes the same people and the same bills, whoever builds it.
 *
 * @throws AppError BAD_SAMPLE_DATA
 */
export function buildSample(ground: SampleGround, day: DateText): Sample {
  const { configDir, rulebook, regions, institutions } = ground;
  const book = chargeBookOf(ground, day);
  const consultation = book.find(EARLIER_ITEM);
  const codes = regions.map(({ code }) => code);
  const population = makePopulation({ seed: SEED, asOf: day, regions: codes, perRegion: PERSONS_A_COUNTY }).map(
    (person) => withEarlierSpending(person, consultation, rulebook, addDays(day, -1)),
  );
  const personas = loadPersonas(configDir, rulebook, day);
  const ownCodes = new Map(institutions.map((institution) => [institution.id, ownCodesOf(institution)]));
  const visits = planSampleDay({
    day,
    institutions,
    population,
    personas: personas.map(({ person }) => person.id),
    maker: createBillMaker(book, (institutionId) => ownCodes.get(institutionId) ?? new Map()),
  });
  return { persons: [...population, ...personas], visits };
}
