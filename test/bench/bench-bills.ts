import { benchPersonId, type BenchInstitution } from './bench-people.ts';
import { pickFrom, seeded } from './seeded.ts';

/** An item of the catalogue, as bills of the bench use it. */
export interface BenchItem {
  readonly code: string;
  readonly name: string;
}

/** What bills are made from. */
export interface BillSource {
  readonly institutions: readonly BenchInstitution[];
  readonly items: readonly BenchItem[];
  readonly persons: number;
  readonly visitDate: string;
  readonly linesPerBill: number;
}

/** A bill without a person or a number of its own. */
interface BillBody {
  readonly institution: BenchInstitution;
  /** JSON members from `kind` to the lines, without braces. */
  readonly members: string;
}

/** Bodies that are in memory at once; more than requests can be under way, because each is written into where it lies. */
const POOL = 4096;
const NUMBER_DIGITS = 8;

function yuan(fen: number): string {
  return `${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
}

function makeBody({ institutions, items, visitDate, linesPerBill }: BillSource, random: () => number): BillBody {
  let totalFen = 0;
  const lines = Array.from({ length: linesPerBill }, () => {
    const { code, name } = pickFrom(items, random);
    const quantity = 1 + Math.floor(random() * 3);
    const priceFen = 100 + Math.floor(random() * 6000);
    totalFen += quantity * priceFen;
    const amounts = `"quantity":"${quantity}","price":"${yuan(priceFen)}","amount":"${yuan(quantity * priceFen)}"`;
    return `{"code":"${code}","name":"${name}",${amounts}}`;
  });
  return {
    institution: pickFrom(institutions, random),
    members: `"kind":"outpatient","visitDate":"${visitDate}","total":"${yuan(totalFen)}","lines":[${lines.join(',')}]`,
  };
}

/** Makes bills as JSON, each of a random person. */
export function createBills(source: BillSource, run: string, seed: number): () => string {
  const random = seeded(seed);
  let made = 0;
  return () => {
    const { institution, members } = makeBody(source, random);
    const person = benchPersonId(Math.floor(random() * source.persons));
    return `{"institutionId":"${institution.id}","billNumber":"${run}-${made++}","personId":"${person}",${members}}`;
  };
}

/**
 * Makes HTTP requests, each a bill of its own of a random person. The bodies are made here and now; a request is then one
 * of them with another number and person written into it, because whatever it costs is taken from what is measured.
 * A request must be on its way before the one {@link POOL} later is asked for.
 */
export function createBillRequests(source: BillSource, path: string, run: string, seed: number): () => Buffer {
  const random = seeded(seed);
  const blank = '0'.repeat(NUMBER_DIGITS);
  const pool = Array.from({ length: POOL }, () => {
    const { institution, members } = makeBody(source, random);
    const toNumber = `{"institutionId":"${institution.id}","billNumber":"${run}-`;
    const toPerson = `${toNumber}${blank}","personId":"`;
    const body = `${toPerson}${benchPersonId(0)}",${members}}`;
    const head =
      `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n` +
      `Authorization: Bearer ${institution.key}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const bytes = Buffer.from(head + body);
    return { bytes, numberAt: head.length + toNumber.length, personAt: head.length + toPerson.length };
  });
  let made = 0;
  return () => {
    const { bytes, numberAt, personAt } = pool[made % POOL]!;
    bytes.write(String(made++).padStart(NUMBER_DIGITS, '0'), numberAt, 'latin1');
    bytes.write(benchPersonId(Math.floor(random() * source.persons)), personAt, 'latin1');
    return bytes;
  };
}
