/** An item of the catalogue with a price, as bills of the bench use it. */
export interface BenchItem {
  readonly code: string;
  readonly name: string;
}

/** An institution with its key. */
export interface BenchInstitution {
  readonly id: string;
  readonly key: string;
}

/** What a stream of bills is made from. */
export interface BillStream {
  readonly institutions: readonly BenchInstitution[];
  readonly items: readonly BenchItem[];
  readonly personCount: number;
  readonly personId: (index: number) => string;
  readonly visitDate: string;
  /** Keeps bill numbers of several runs apart. */
  readonly run: string;
  readonly linesPerBill: number;
  readonly path: '/v1/settlements' | '/v1/quotes';
}

/** A small seeded generator (mulberry32), so that runs of the bench are alike. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function yuan(fen: number): string {
  return `${String(Math.trunc(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
}

/** Makes HTTP requests, each a bill of its own with ten lines (or as many as asked) of a random person. */
export function createBillRequests(stream: BillStream, seed: number): () => string {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let made = 0;
  return () => {
    const institution = pick(stream.institutions);
    const person = stream.personId(Math.floor(random() * stream.personCount));
    let totalFen = 0;
    const lines: string[] = [];
    for (let line = 0; line < stream.linesPerBill; line++) {
      const item = pick(stream.items);
      const quantity = 1 + Math.floor(random() * 3);
      const priceFen = 100 + Math.floor(random() * 6000);
      const amountFen = quantity * priceFen;
      totalFen += amountFen;
      lines.push(
        `{"code":"${item.code}","name":"${item.name}","quantity":"${String(quantity)}","price":"${yuan(priceFen)}","amount":"${yuan(amountFen)}"}`,
      );
    }
    const billNumber = `${stream.run}-${String(seed)}-${String(made++)}`;
    const body = `{"institutionId":"${institution.id}","billNumber":"${billNumber}","personId":"${person}","kind":"outpatient","visitDate":"${stream.visitDate}","total":"${yuan(totalFen)}","lines":[${lines.join(',')}]}`;
    return (
      `POST ${stream.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n` +
      `Authorization: Bearer ${institution.key}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`
    );
  };
}
