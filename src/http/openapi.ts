import { z } from 'zod';
import { version } from './engine-version.ts';
import * as bills from './schemas/bills.ts';
import * as casework from './schemas/casework.ts';
import * as counter from './schemas/counter.ts';
import * as enquiries from './schemas/enquiries.ts';
import * as clearing from './schemas/clearing.ts';
import * as funds from './schemas/funds.ts';
import * as lifecycle from './schemas/lifecycle.ts';
import * as jobs from './schemas/jobs.ts';
import * as ledger from './schemas/ledger.ts';
import * as partners from './schemas/partners.ts';
import * as persons from './schemas/persons.ts';
import * as simulators from './schemas/simulators.ts';
import * as problems from './schemas/problems.ts';
import * as reconciliation from './schemas/reconciliation.ts';
import * as rules from './schemas/rules.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';

type Json = Record<string, unknown>;

/** The document as far as its readers here need to know it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly security: readonly Json[];
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
}

/** One thing that can be asked. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean; description?: string; schema: Json }[];
  readonly requestBody?:
    { readonly description?: string; readonly required: true; readonly content: Content } | undefined;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly security?: readonly Json[];
}

type Content = Readonly<Record<string, { readonly schema: Json }>>;

const COMPONENTS = '#/components/schemas/';

// Bits of other schemas need no name.
const { bucket: _bucket, accumulatorName: _accumulatorName, ...namedPersons } = persons;

/** Schemas that bodies are made of, by the name they have in the document: `billRequest` → `BillRequest`. */
function named(): Map<z.ZodType, string> {
  const schemas: Readonly<Record<string, z.ZodType>> = {
    ...bills,
    ...casework,
    ...clearing,
    ...enquiries,
    ...counter,
    ...funds,
    ...lifecycle,
    ...jobs,
    ...ledger,
    ...partners,
    ...namedPersons,
    ...simulators,
    ...problems,
    ...reconciliation,
    ...rules,
  };
  // Sorted, because the order of a module's exports is the loader's affair.
  const sorted = Object.entries(schemas).sort(([left], [right]) => (left < right ? -1 : 1));
  return new Map(sorted.map(([name, schema]) => [schema, name.slice(0, 1).toUpperCase() + name.slice(1)]));
}

const names = named();
const QUERIES = new Set<z.ZodType>([
  bills.settlementQuery,
  casework.caseListQuery,
  casework.dueCasesQuery,
  casework.addMaterialQuery,
  casework.readMaterialQuery,
  casework.serviceCountsQuery,
  casework.guidesQuery,
  counter.counterQuery,
  clearing.itemsQuery,
  clearing.windowsQuery,
  lifecycle.proposalsQuery,
  lifecycle.deadlinesQuery,
  lifecycle.limitQuery,
  lifecycle.monthQuery,
  lifecycle.statementFileQuery,
  lifecycle.instructionFileQuery,
  ledger.trialBalanceQuery,
  ledger.accountQuery,
  partners.deadLetterQuery,
  reconciliation.reconciliationFileQuery,
  reconciliation.reconciliationRunsQuery,
  reconciliation.differencesQuery,
  reconciliation.resultQuery,
]);

function componentSchemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) if (!QUERIES.has(schema)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `${COMPONENTS}${id}`,
    io: 'input',
    target: 'draft-2020-12',
  });
  // `$schema` and `$id` are the document's business.
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function referTo(schema: z.ZodType): Json {
  const name = names.get(schema);
  return name === undefined ? z.toJSONSchema(schema, { io: 'input' }) : { $ref: `${COMPONENTS}${name}` };
}

function queryParameters(query: z.ZodType | undefined): NonNullable<Operation['parameters']> {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as Json & { description?: string };
    return { name, in: 'query', required: required.includes(name), description, schema: rest };
  });
}

const PATH_PARAMETER = /:(\w+)/g;

function pathParameters(path: string): NonNullable<Operation['parameters']> {
  return [...path.matchAll(PATH_PARAMETER)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

const PROBLEM_WORDS: Readonly<Record<string, string>> = {
  400: 'Bad input; every bad field is named. Nothing was changed.',
  401: 'No key, or one that is not known.',
  403: 'Not for this caller.',
  404: 'Nothing there, or nothing that the caller may see.',
  409: 'In conflict with what is there.',
  410: 'It was there and is lost.',
  413: 'The body is too large.',
  415: 'The body is not of a media type that is taken here.',
  422: 'A lawful no, by its code.',
  500: 'A bug; report the trace id.',
  503: 'Overloaded, or the database is away; send the same again after Retry-After.',
};

/** A file as its bytes, in any of its media types. */
function fileContent({ mediaTypes }: { readonly mediaTypes: readonly string[] }): Content {
  return Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
}

function bodyOf(route: Route): Operation['requestBody'] {
  if ('receive' in route) {
    const { what, bytesMax } = route.takes;
    const description = `${what}, of at most ${bytesMax} bytes, as it is: no multipart, no compression.`;
    return { description, required: true, content: fileContent(route.takes) };
  }
  if (!('body' in route) || route.body === undefined) return undefined;
  return { required: true, content: { 'application/json': { schema: referTo(route.body) } } };
}

function handlerOf(route: Route): { readonly name: string } {
  if ('stream' in route) return route.stream;
  if ('receive' in route) return route.receive;
  return 'send' in route ? route.send : route.handle;
}

function answersOf(route: Route): [string, { description: string; content: Content }][] {
  if ('stream' in route) {
    const events = Object.entries(route.events);
    const list = events.map(([event, schema]) => `\`${event}\`: ${String(names.get(schema))}`).join(', ');
    const schema = { oneOf: [...new Set(events.map(([, each]) => each))].map(referTo) };
    return [['200', { description: `A stream of events. ${list}`, content: { 'text/event-stream': { schema } } }]];
  }
  if ('send' in route) return [['200', { description: `${route.gives.what}.`, content: fileContent(route.gives) }]];
  const makes = '201' in route.answers;
  return Object.entries(route.answers).map(([status, schema]) => [
    status,
    {
      description: status === '201' ? 'Done, and durable.' : makes ? 'Done before.' : 'The answer.',
      content: { 'application/json': { schema: referTo(schema) } },
    },
  ]);
}

function problemsOf(route: Route): [string, { description: string; content: Content }][] {
  const takesBody = bodyOf(route) !== undefined;
  const always = ['400', '401', '403', ...(takesBody ? ['413', '415'] : []), '500', '503'];
  const schemas = { ...Object.fromEntries(always.map((status) => [status, problems.problem])), ...route.problems };
  return Object.entries<z.ZodType>(schemas).map(([status, schema]) => [
    status,
    { description: PROBLEM_WORDS[status] ?? '', content: { 'application/problem+json': { schema: referTo(schema) } } },
  ]);
}

function operationOf(route: Route): Operation {
  const requestBody = bodyOf(route);
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query)];
  return {
    operationId: handlerOf(route).name,
    tags: [route.tag],
    summary: route.summary,
    description: `For callers of kind ${route.callers.join(', ')}.`,
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody !== undefined && { requestBody }),
    responses: Object.fromEntries([...answersOf(route), ...problemsOf(route)]),
  };
}

function pathsOf(routes: readonly Route[]): Record<string, Record<string, Operation>> {
  const byPath = Map.groupBy(routes, ({ path }) => path.replaceAll(PATH_PARAMETER, '{$1}'));
  return Object.fromEntries(
    Array.from(byPath, ([path, sharing]) => [
      path,
      Object.fromEntries(sharing.map((route) => [route.method, operationOf(route)])),
    ]),
  );
}

/** What a home fund's system offers to us: the other direction of the contract. */
const FUND_MESSAGES: Operation = {
  operationId: 'receiveMessages',
  tags: ['Funds'],
  summary: 'Advices of settlements and reversals of the fund’s own people, in order per person, and clearing notices.',
  description: 'Sent at least once; the receiver tells repeats by messageId.',
  requestBody: { required: true, content: { 'application/json': { schema: referTo(funds.fundMessages) } } },
  responses: {
    200: { description: 'Accepted.', content: { 'application/json': { schema: referTo(funds.fundReceipt) } } },
  },
};

const DESCRIPTION = [
  'Settles medical bills that cross a county line. Money is decimal text with two places in yuan, days are YYYY-MM-DD in',
  'Asia/Shanghai. A bill is known by its institution and number: the same content again gets the first answer. Errors are',
  'RFC 9457 problem documents; `code` is stable.',
].join(' ');

/** The OpenAPI 3.1 document of the route table, from the schemas that requests are checked with. */
export function openApiDocument(): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: { title: 'Tongjie', version, description: DESCRIPTION },
    security: [{ key: [] }],
    paths: pathsOf(ROUTES),
    webhooks: { fundMessages: { post: FUND_MESSAGES } },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'the key of an institution, fund or operator' },
      },
    },
  };
}
