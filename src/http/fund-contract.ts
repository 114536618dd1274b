import { z } from 'zod';
import { version } from './engine-version.ts';
import * as clearing from './schemas/clearing.ts';
import * as fundSystem from './schemas/fund-system.ts';
import * as funds from './schemas/funds.ts';
import * as persons from './schemas/persons.ts';

type Json = Record<string, unknown>;

const COMPONENTS = '#/components/schemas/';

const PUSHED = ['PUT /v1/persons/{id}', 'POST /v1/persons', 'POST /v1/accumulator-events'];
const DESCRIPTION = [
  'What the system of a home fund offers to Tongjie. Money is decimal text with two places in yuan, days are YYYY-MM-DD in',
  'Asia/Shanghai. Whatever changes something is sent at least once and told apart by its id. A fund that would rather push',
  `than be asked uses ${PUSHED.join(', ')} of Tongjie’s own contract, config/openapi.json, with the same schemas.`,
].join(' ');

/** Schemas that bodies are made of, by the name they have in the document. */
function named(): Map<z.ZodType, string> {
  const { fundMessages, fundReceipt, fundAdvice, clearingNotice } = funds;
  const { personCopy, accumulatorEvent, fundBalances } = persons;
  const { personsPage, accumulatorEventsPage, freshLookRequest, freshLookAnswer } = fundSystem;
  const { fundFile, fundFileReceipt, fundFilesPage, fundProblem } = fundSystem;
  const schemas: Readonly<Record<string, z.ZodType>> = {
    accumulatorEvent,
    accumulatorEventsPage,
    clearingNotice,
    freshLookAnswer,
    freshLookRequest,
    fundAdvice,
    fundBalances,
    fundFile,
    fundFileReceipt,
    fundFilesPage,
    fundMessages,
    fundProblem,
    fundReceipt,
    pairStatementView: clearing.pairStatementView,
    personCopy,
    personsPage,
  };
  return new Map(
    Object.entries(schemas).map(([name, schema]) => [schema, name.slice(0, 1).toUpperCase() + name.slice(1)]),
  );
}

const names = named();

function referTo(schema: z.ZodType): Json {
  return { $ref: `${COMPONENTS}${String(names.get(schema))}` };
}

function componentSchemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${COMPONENTS}${id}`, io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function parametersOf({ path, query }: fundSystem.FundOperation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  if (query === undefined) return inPath;
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' });
  const inQuery = Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as Json;
    // What is read from a query is a number once it is read.
    const type = name === 'limit' ? { type: 'integer', minimum: 1, maximum: 1000 } : rest;
    return { name, in: 'query', required: false, ...(description !== undefined && { description }), schema: type };
  });
  return [...inPath, ...inQuery];
}

function operationOf(operation: fundSystem.FundOperation): Json {
  const { operationId, summary, body, answer, problems = [] } = operation;
  const parameters = parametersOf(operation);
  const content = (schema: z.ZodType) => ({ 'application/json': { schema: referTo(schema) } });
  const refusals = [400, ...problems, 500].map((status) => [
    String(status),
    { description: 'Not done, and why, by the fund’s own code.', content: content(fundSystem.fundProblem) },
  ]);
  return {
    operationId,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: content(body) } }),
    responses: { 200: { description: 'Done.', content: content(answer) }, ...Object.fromEntries(refusals) },
  };
}

/** The OpenAPI 3.1 document of what a home fund's system offers, from the schemas that the simulators speak. */
export function fundContractDocument() {
  const byPath = Map.groupBy(fundSystem.FUND_OPERATIONS, ({ path }) => path);
  return {
    openapi: '3.1.0',
    info: { title: 'Home fund system', version, description: DESCRIPTION },
    paths: Object.fromEntries(
      Array.from(byPath, ([path, operations]) => [
        path,
        Object.fromEntries(operations.map((operation) => [operation.method, operationOf(operation)])),
      ]),
    ),
    components: { schemas: componentSchemas() },
  };
}
