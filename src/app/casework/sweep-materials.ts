import type { CaseworkDeps } from './case-deps.ts';

/** What a sweep put right. */
export interface Swept {
  /** Files that no material points to: the process died before it entered them. */
  readonly filesRemoved: number;
  readonly draftsRemoved: number;
  /** Contents whose file is gone, and that were not known to be. */
  readonly contentsMissed: number;
  /** Contents whose file is there again. */
  readonly contentsFound: number;
}

/** An upload that is still on its way in another process must not be taken for left over. */
const UNDER_WAY_MS = 60 * 60 * 1000;
const PAGE = 500;

async function removeUnknown(
  { cases, materialFiles }: Pick<CaseworkDeps, 'cases' | 'materialFiles'>,
  beforeMs: number,
) {
  let removed = 0;
  for (let prefix = 0; prefix < 256; prefix += 1) {
    const kept = await materialFiles.kept(prefix.toString(16).padStart(2, '0'), beforeMs);
    for (let from = 0; from < kept.length; from += PAGE) {
      const page = kept.slice(from, from + PAGE);
      const known = await cases.knownHashes(page);
      for (const sha256 of page) {
        if (!known.has(sha256) && (await materialFiles.remove(sha256, beforeMs))) removed += 1;
      }
    }
  }
  return removed;
}

async function markMissing({ cases, materialFiles, clock }: Pick<CaseworkDeps, 'cases' | 'materialFiles' | 'clock'>) {
  const counts = { contentsMissed: 0, contentsFound: 0 };
  for (let after = ''; ;) {
    const page = await cases.hashesAfter(after, PAGE);
    for (const { sha256, isMissing } of page) {
      const isThere = await materialFiles.has(sha256);
      if (isThere !== isMissing) continue;
      await cases.markMissing(sha256, isThere ? undefined : clock.now());
      if (isThere) counts.contentsFound += 1;
      else counts.contentsMissed += 1;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return counts;
    after = last.sha256;
  }
}

/**
 * Brings files and materials together after a process died: files that nothing points to are removed, materials whose file is
 * gone are marked (a checklist counts them as not handed in), and unmarked when it is there again. Doing it again changes nothing.
 *
 * @throws what the files and the store throw
 */
export async function sweepMaterials(deps: Pick<CaseworkDeps, 'cases' | 'materialFiles' | 'clock'>): Promise<Swept> {
  const beforeMs = deps.clock.now() - UNDER_WAY_MS;
  const draftsRemoved = await deps.materialFiles.removeDrafts(beforeMs);
  const filesRemoved = await removeUnknown(deps, beforeMs);
  return { draftsRemoved, filesRemoved, ...(await markMissing(deps)) };
}
