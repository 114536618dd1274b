import type { Catalogue } from '../core/policy/catalogue.ts';
import type { Policy } from '../core/policy/policy.ts';
import { contentHash } from './content-hash.ts';
import { parseCanonicalCatalogue } from './load-catalogue.ts';
import { readPolicy, type RuleText } from './load-rules.ts';
import { FileErrors } from './rule-error.ts';

/** Archived rules as far as they can still be read. */
export interface ArchivedRules {
  readonly policies: readonly Policy[];
  readonly catalogues: readonly Catalogue[];
  readonly leftOut: readonly { readonly rule: RuleText; readonly reason: string }[];
}

type Attempt<T> = { readonly read: T } | { readonly reason: string };

/** Whatever goes wrong is a reason: what another version of this program wrote can break today's reader anywhere. */
function attempt<T>({ hash, content }: RuleText, read: (errors: FileErrors) => T | undefined): Attempt<T> {
  if (contentHash(content) !== hash) return { reason: 'the content is not what the hash was taken of' };
  const errors = new FileErrors(hash);
  try {
    const compiled = read(errors);
    if (errors.none && compiled !== undefined) return { read: compiled };
    return { reason: errors.found.map(({ path, reason }) => `${path}: ${reason}`).join('; ') };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function readArchivedPolicy(rule: RuleText): Attempt<Policy> {
  return attempt(rule, (errors) => readPolicy({ file: rule.hash, tree: JSON.parse(rule.content), errors })?.policy);
}

function readArchivedCatalogue(rule: RuleText): Attempt<Catalogue> {
  return attempt(rule, (errors) => {
    const { hash, region, from, items } = parseCanonicalCatalogue(rule.content, errors);
    // Its last day hung on its successor, which is not kept with it.
    return { hash, region, from, to: undefined, items };
  });
}

/**
 * Compiles archived rules, so that settlements that rest on them can be read and worked out again. What does not compile
 * any more, because the language of policies moved on, is left out with the reason: it must not keep a process from starting.
 */
export function readArchivedRules(rules: readonly RuleText[]): ArchivedRules {
  const policies: Policy[] = [];
  const catalogues: Catalogue[] = [];
  const leftOut: ArchivedRules['leftOut'][number][] = [];
  for (const rule of rules) {
    if (rule.kind === 'policy') {
      const policy = readArchivedPolicy(rule);
      if ('read' in policy) policies.push(policy.read);
      else leftOut.push({ rule, reason: policy.reason });
    } else {
      const catalogue = readArchivedCatalogue(rule);
      if ('read' in catalogue) catalogues.push(catalogue.read);
      else leftOut.push({ rule, reason: catalogue.reason });
    }
  }
  return { policies, catalogues, leftOut };
}
