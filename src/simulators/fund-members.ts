import type { FundAdvice } from '../http/schemas/funds.ts';
import type { AccumulatorEventBody, PersonCopyBody } from '../http/schemas/persons.ts';
import { shanghaiInstant } from '../platform/instant.ts';
import { decimal, scaled } from './bill-amounts.ts';

type Amounts = Record<string, Record<string, string>>;

/** What a fund tells of spending at home. */
export type Spending = Pick<AccumulatorEventBody, 'personId' | 'accumulators' | 'accounts'>;

/** A page of something that grows: `next` is where to go on. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string;
  readonly more: boolean;
}

/** The insured persons of one county, with balances, and what happened to them. */
export interface FundMembers {
  /** Persons as they are from now on; those who were there before are replaced. */
  enrol(persons: readonly PersonCopyBody[]): void;
  /** As they are now; undefined for somebody who is insured elsewhere. */
  find(personId: string): PersonCopyBody | undefined;
  changed(after: string, limit: number): Page<PersonCopyBody>;
  /** Enters spending at home and numbers it; undefined for somebody who is insured elsewhere. */
  spend(spending: Spending): AccumulatorEventBody | undefined;
  events(after: string, limit: number): Page<AccumulatorEventBody>;
  /** Enters a bill settled away from home. */
  advise(advice: FundAdvice): void;
}

interface Member {
  readonly facts: Omit<PersonCopyBody, 'balances' | 'asOf'>;
  readonly amounts: Amounts;
  account: { current: string; carried: string };
  eventSequence: number;
  lastAdvice: string | undefined;
  version: number;
}

/** Places of a decimal text: sums of money have two, counts none. */
function placesOf(text: string): number {
  return text.includes('.') ? 2 : 0;
}

/** A sum and a change of it, both as text. */
export function plus(sum: string | undefined, change: string): string {
  const places = placesOf(change);
  if (places === 0) return String(BigInt(sum ?? '0') + BigInt(change));
  return decimal(scaled(sum ?? '0', places) + scaled(change, places), places);
}

function minus(sum: string, change: string): string {
  return decimal(scaled(sum, 2) - scaled(change, 2), 2);
}

/** A page out of a list whose marks are places in it. */
export function pageOf<T>(all: readonly T[], after: string, limit: number): Page<T> {
  const from = /^\d{1,12}$/.test(after) ? Number(after) : 0;
  const items = all.slice(from, from + limit);
  return { items, next: String(from + items.length), more: from + items.length < all.length };
}

function move(amounts: Amounts, changes: Spending['accumulators']): void {
  for (const { bucket, name, change } of changes) {
    const names = (amounts[bucket] ??= {});
    names[name] = plus(names[name], change);
  }
}

/** @param prefix begins the ids of events, so that those of two funds differ */
export function createFundMembers(now: () => number, prefix = 'HOME'): FundMembers {
  const members = new Map<string, Member>();
  const events: AccumulatorEventBody[] = [];
  const versions: string[] = [];

  function copyOf({ facts, amounts, account, eventSequence, lastAdvice }: Member): PersonCopyBody {
    const accumulators = Object.entries(amounts).flatMap(([bucket, names]) =>
      Object.entries(names).map(([name, value]) => ({ bucket, name, value })),
    );
    const contains = { eventSequence, ...(lastAdvice !== undefined && { lastAdvice }) };
    return { ...facts, asOf: shanghaiInstant(now()), balances: { contains, accounts: account, accumulators } };
  }

  return {
    enrol(persons) {
      for (const { balances, asOf: _asOf, ...facts } of persons) {
        const known = members.get(facts.personId);
        const amounts: Amounts = {};
        for (const { bucket, name, value } of balances?.accumulators ?? []) (amounts[bucket] ??= {})[name] = value;
        versions.push(facts.personId);
        members.set(facts.personId, {
          facts,
          amounts: balances === undefined ? (known?.amounts ?? {}) : amounts,
          account: { ...(balances?.accounts ?? known?.account ?? { current: '0.00', carried: '0.00' }) },
          eventSequence: known?.eventSequence ?? balances?.contains.eventSequence ?? 0,
          lastAdvice: known?.lastAdvice ?? balances?.contains.lastAdvice,
          version: versions.length,
        });
      }
    },

    find(personId) {
      const member = members.get(personId);
      return member && copyOf(member);
    },

    changed(after, limit) {
      const page = pageOf(versions, after, limit);
      const first = Number(page.next) - page.items.length + 1;
      // Who changed again later comes there.
      const items = page.items.flatMap((personId, at) => {
        const member = members.get(personId);
        return member?.version === first + at ? [copyOf(member)] : [];
      });
      return { ...page, items };
    },

    spend({ personId, accumulators, accounts }) {
      const member = members.get(personId);
      if (member === undefined) return undefined;
      member.eventSequence += 1;
      move(member.amounts, accumulators);
      if (accounts !== undefined) {
        const { current, carried } = member.account;
        member.account = { current: plus(current, accounts.current), carried: plus(carried, accounts.carried) };
      }
      const event: AccumulatorEventBody = {
        eventId: `${prefix}-${events.length + 1}`,
        personId,
        sequence: member.eventSequence,
        accumulators,
        ...(accounts !== undefined && { accounts }),
        occurredAt: shanghaiInstant(now()),
      };
      events.push(event);
      return event;
    },

    events: (after, limit) => pageOf(events, after, limit),

    advise({ personId, messageId, accumulators, shares, familyPayer }) {
      const patient = members.get(personId);
      if (patient !== undefined) {
        move(patient.amounts, accumulators);
        const { current, carried } = patient.account;
        patient.account = {
          current: minus(current, shares.accounts.current),
          carried: minus(carried, shares.accounts.carried),
        };
      }
      const payer = familyPayer === undefined ? undefined : members.get(familyPayer);
      if (payer !== undefined) {
        payer.account = { ...payer.account, carried: minus(payer.account.carried, shares.accounts.family) };
      }
      for (const member of [patient, payer]) {
        if (member !== undefined && messageId > (member.lastAdvice ?? '')) member.lastAdvice = messageId;
      }
    },
  };
}
