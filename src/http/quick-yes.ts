import { Ajv } from 'ajv';
import { z } from 'zod';

/**
 * Compiles a schema into a check that says yes five times as fast as the schema itself: reading a bill through zod was a
 * twentieth of the CPU of a settlement. Whoever gets a no asks the schema, which names every problem.
 *
 * The schema must change nothing of what it lets through, and its refinements must be looked at again by whoever gets the
 * value: JSON Schema does not know them.
 *
 * @shape schema → (value → whether it has the schema's shape, refinements aside)
 */
export function quickYesOf(schema: z.ZodType): (value: unknown) => boolean {
  const { $schema: _dialect, ...shape } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  // Patterns without the u flag, as zod matches them.
  const ajv = new Ajv({ unicodeRegExp: false, strict: false, validateFormats: false });
  return ajv.compile(shape);
}
