import { notFound, AppError } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { findCase } from './change-case.ts';
import type { CaseActor, Material } from './ports.ts';

/** Somebody wants to see a material, and says why. */
export interface ReadMaterialCommand {
  readonly caseId: string;
  readonly materialId: string;
  readonly actor: CaseActor;
  readonly why: string;
}

/** A material with its file. */
export interface ReadMaterial {
  readonly material: Material;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Opens a material for a clerk of one of its two counties. That they looked is on record before the first byte leaves.
 *
 * @throws AppError NOT_FOUND, MATERIAL_MISSING; what the files and the store throw
 */
export async function readMaterial(
  deps: Pick<CaseworkDeps, 'cases' | 'materialFiles' | 'clock' | 'newId'>,
  { caseId, materialId, actor, why }: ReadMaterialCommand,
): Promise<ReadMaterial> {
  await findCase(deps, caseId, actor);
  const material = await deps.cases.material(materialId);
  if (material?.caseId !== caseId) throw notFound('material');
  if (!(await deps.materialFiles.has(material.sha256))) throw missing();
  // Before the file is opened: when this fails nobody would close it.
  await deps.cases.recordLook({
    lookId: deps.newId(),
    materialId,
    seenBy: actor.id,
    seenRegion: actor.region ?? '',
    seenAtMs: deps.clock.now(),
    why,
  });
  const content = await deps.materialFiles.open(material.sha256);
  if (content === undefined) throw missing();
  return { material, content };
}

function missing(): AppError {
  return new AppError('MATERIAL_MISSING', 'the file of this material is lost', {
    status: 410,
    help: 'have it handed in again',
  });
}
