import { z } from 'zod';
import type { EventText, FeedPage, PersonText } from '../app/funds/ports.ts';
import type { FieldProblem } from '../platform/errors.ts';
import { problemIn, type PartnerProblem } from './fund-codec.ts';

// Looser than our own contract where that does no harm: members that we do not know are somebody else's business.

const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const personId = z.string().regex(/^[A-Za-z0-9._-]{1,30}$/);
const text = z.string().max(200);
const span = { from: text, to: text.optional() };
const accounts = z.object({ current: text, carried: text });
const whole = z.number().int().min(0).max(1e12);
const bucket = z.string().max(48);
const name = z.string().max(40);

const person = z.object({
  personId,
  name: z.string().min(1).max(100),
  scheme: z.enum(['employee', 'resident']),
  birthDate: text,
  status: z.enum(['active', 'retired']),
  retiredOn: text.optional(),
  severeDisability: z.boolean(),
  student: z.boolean(),
  familyDoctor: z.boolean(),
  civilServant: z.boolean(),
  medicalAid: z.enum(['none', 'specialHardship', 'lowIncome', 'otherAid']),
  coverage: z.array(z.object({ ...span, state: z.enum(['active', 'suspended']) })).max(200),
  registrations: z.array(z.object({ ...span, disease: text, periodsFrom: text })).max(200),
  filings: z
    .array(
      z.object({
        ...span,
        kind: z.enum(['longTerm', 'referral', 'emergency', 'other']),
        treatmentRegion: text.optional(),
      }),
    )
    .max(200),
  sharesAccountWith: z.array(personId).max(50),
  asOf: text,
  balances: z
    .object({
      contains: z.object({ eventSequence: whole, lastAdvice: id.optional() }),
      accounts,
      accumulators: z.array(z.object({ bucket, name, value: text })).max(500),
    })
    .optional(),
});

const event = z.object({
  eventId: id,
  personId,
  sequence: whole.min(1),
  accumulators: z.array(z.object({ bucket, name, change: text })).max(100),
  accounts: accounts.optional(),
  occurredAt: text,
});

const page = { next: z.string().max(200), more: z.boolean() };
const personsPage = z.object({ persons: z.array(z.unknown()).max(5000), ...page });
const eventsPage = z.object({ events: z.array(z.unknown()).max(5000), ...page });
const lookAnswer = z.object({ person });

/** What was read of an answer: what was asked for, or the partner's words on why not. */
export type Decoded<T> =
  { readonly value: T } | { readonly value?: undefined; readonly problem: PartnerProblem | undefined };

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function decode<S, T>(answer: string, shape: z.ZodType<S>, use: (read: S) => T): Decoded<T> {
  const content = parse(answer);
  if (typeof content !== 'object' || content === null) return { problem: undefined };
  const inside = 'error' in content ? content.error : undefined;
  const read = shape.safeParse(content);
  if (read.success && inside === undefined) return { value: use(read.data) };
  return { problem: problemIn(inside ?? content) };
}

/** Reads the items of a page one by one, so that one that is wrong takes no other down. */
function pageOf<T>(
  list: string,
  items: readonly unknown[],
  { next, more }: { readonly next: string; readonly more: boolean },
  shape: z.ZodType<T>,
): FeedPage<T> {
  const unreadable: FieldProblem[] = [];
  const read = items.flatMap((item, at) => {
    const result = shape.safeParse(item);
    if (result.success) return [result.data];
    const [issue] = result.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    unreadable.push({ field: `${list}[${at}].${path}`, problem: issue?.message ?? 'cannot be read' });
    return [];
  });
  return { items: read, unreadable, next, more };
}

export function decodePersonsPage(answer: string): Decoded<FeedPage<PersonText>> {
  return decode(answer, personsPage, ({ persons, ...rest }) => pageOf<PersonText>('persons', persons, rest, person));
}

export function decodeEventsPage(answer: string): Decoded<FeedPage<EventText>> {
  return decode(answer, eventsPage, ({ events, ...rest }) => pageOf<EventText>('events', events, rest, event));
}

export function decodePerson(answer: string): Decoded<PersonText> {
  return decode(answer, lookAnswer, (read): PersonText => read.person);
}
