import { addMaterial } from '../../app/casework/add-material.ts';
import { findCase } from '../../app/casework/change-case.ts';
import { readMaterial } from '../../app/casework/read-material.ts';
import { notFound } from '../../platform/errors.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, FileCall, Reply, SentFile } from '../route.ts';
import type { AddedMaterialAnswer, AddMaterialQuery, LookList, ReadMaterialQuery } from '../schemas/casework.ts';
import { actorOf } from './case-endpoints.ts';
import { presentMaterial } from './present-case.ts';

/** POST /v1/cases/:id/materials: a file for an item of the checklist. */
export async function uploadMaterial(
  deps: HttpDeps,
  { caller, params, query, file }: FileCall<AddMaterialQuery>,
): Promise<Reply<AddedMaterialAnswer>> {
  const { material, record } = await addMaterial(deps.casework, {
    caseId: params['id'] ?? '',
    itemId: query.item,
    name: query.name,
    mediaType: file.mediaType,
    content: file.content,
    actor: actorOf(caller),
  });
  return { status: 201, body: { material: presentMaterial(material), version: record.version } };
}

/** GET /v1/cases/:id/materials/:material: the file, for saving; that it was looked at is kept. */
export async function downloadMaterial(
  deps: HttpDeps,
  { caller, params, query }: Omit<Call<undefined, ReadMaterialQuery>, 'body'>,
): Promise<SentFile> {
  const [caseId, materialId] = [params['id'] ?? '', params['material'] ?? ''];
  const command = { caseId, materialId, actor: actorOf(caller), why: query.why };
  const { material, content } = await readMaterial(deps.casework, command);
  return { mediaType: material.mediaType, name: material.name, bytes: material.bytes, content };
}

/** GET /v1/cases/:id/materials/:material/looks: who looked at it, when and why. */
export async function listLooks(deps: HttpDeps, { caller, params }: Call): Promise<Reply<LookList>> {
  const { cases } = deps.casework;
  const { caseId } = await findCase(deps.casework, params['id'] ?? '', actorOf(caller));
  const material = await cases.material(params['material'] ?? '');
  if (material?.caseId !== caseId) throw notFound('material');
  const looks = await cases.looks(material.materialId);
  return {
    status: 200,
    body: {
      looks: looks.map(({ seenBy: by, seenRegion: region, seenAtMs, why }) => {
        return { by, region, at: shanghaiInstant(seenAtMs), why };
      }),
    },
  };
}
