import { createHash } from 'node:crypto';
import { checklistFor } from '../../core/casework/handling-rules.ts';
import { endsAs, HEAD_BYTES, TAIL_BYTES, typeOfHead, type MaterialType } from '../../core/casework/media-type.ts';
import { AppError, invalidInput } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { caseChanged, findCase, planStep } from './change-case.ts';
import type { CaseActor, CaseRecord, FileDraft, Material } from './ports.ts';

/** A file that is handed in for an item of the checklist. */
export interface AddMaterialCommand {
  readonly caseId: string;
  readonly itemId: string;
  readonly name: string;
  /** As the sender declares it. */
  readonly mediaType: string;
  /** Read once; it may throw, and then nothing is kept. */
  readonly content: AsyncIterable<Uint8Array>;
  readonly actor: CaseActor;
}

type Deps = Pick<CaseworkDeps, 'cases' | 'materialFiles' | 'handlingRules' | 'clock' | 'newId'>;

/** The material, and the case with it. */
export interface AddedMaterial {
  readonly material: Material;
  readonly record: CaseRecord;
}

function refuseFile(code: string, message: string, extra: Record<string, unknown>): AppError {
  const fields = [{ field: '(body)', problem: message }];
  const help = 'send a whole PDF, JPEG or PNG under its own type; nothing of it was kept';
  return new AppError(code, `the file ${message}`, { status: 400, help, fields, extra });
}

/** The last bytes of a stream, however it is cut. */
function withTail(tail: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (chunk.length >= TAIL_BYTES) return chunk.slice(-TAIL_BYTES);
  return Buffer.concat([tail.subarray(-(TAIL_BYTES - chunk.length)), chunk]);
}

function requireType(head: Uint8Array, declared: string): MaterialType {
  const found = typeOfHead(head);
  if (found === undefined) {
    throw refuseFile('FILE_TYPE_UNKNOWN', `is declared ${declared}, but is neither PDF nor JPEG nor PNG`, { declared });
  }
  if (found !== declared) {
    throw refuseFile('FILE_TYPE_MISMATCH', `is declared ${declared}, but is ${found}`, { declared, found });
  }
  return found;
}

interface Received {
  readonly type: MaterialType;
  readonly sha256: string;
  readonly bytes: number;
}

/** Lets a file through to a draft, which is begun only when its first bytes are those of its type. */
async function receive({ mediaType, content }: AddMaterialCommand, begin: () => Promise<FileDraft>): Promise<Received> {
  const hash = createHash('sha256');
  let head: Uint8Array = new Uint8Array();
  let tail: Uint8Array = new Uint8Array();
  let bytes = 0;
  let type: MaterialType | undefined;
  let draft: FileDraft | undefined;
  for await (const chunk of content) {
    bytes += chunk.length;
    hash.update(chunk);
    tail = withTail(tail, chunk);
    if (draft === undefined) {
      head = Buffer.concat([head, chunk]);
      if (head.length < HEAD_BYTES) continue;
      type = requireType(head, mediaType);
      draft = await begin();
      await draft.write(head);
    } else {
      await draft.write(chunk);
    }
  }
  if (bytes === 0) throw refuseFile('FILE_EMPTY', 'is empty', {});
  type ??= requireType(head, mediaType);
  if (!endsAs(type, tail)) {
    throw refuseFile('FILE_NOT_WHOLE', `does not end as ${type} must: it is cut off, or something follows`, {});
  }
  return { type, sha256: hash.digest('hex'), bytes };
}

const TRIES = 5;

/** Others may change the case while the file is on its way: adding to it goes with any version in which it may be done. */
async function writeMaterial(deps: Deps, command: AddMaterialCommand, received: Received): Promise<AddedMaterial> {
  const { caseId, itemId, name, actor } = command;
  const materialId = deps.newId();
  for (let tries = 1; ; tries += 1) {
    const before = await findCase(deps, caseId, actor);
    const change = planStep(deps, before, { action: 'addMaterial', actor, note: name, about: itemId });
    const material: Material = {
      materialId,
      caseId,
      itemId,
      name,
      mediaType: received.type,
      bytes: received.bytes,
      sha256: received.sha256,
      addedBy: actor.id,
      addedRegion: actor.region ?? '',
      addedAtMs: change.record.changedAtMs,
      missingSinceMs: undefined,
    };
    // What was verified was another paper.
    if (await deps.cases.change({ ...change, material, unverify: itemId })) return { material, record: change.record };
    if (tries === TRIES) throw caseChanged(before);
  }
}

/**
 * Takes a file into a case: streamed to a draft, held against its declared type, made durable under its hash, and only then
 * entered. A process that dies in between leaves a file that nothing points to, which the next start sweeps away. A tick of
 * the item is taken back.
 *
 * @throws AppError NOT_FOUND, INVALID_INPUT (item), WRONG_CASE_STATE, OTHER_COUNTYS_STEP, FILE_EMPTY, FILE_TYPE_UNKNOWN,
 *   FILE_TYPE_MISMATCH, FILE_NOT_WHOLE, CASE_CHANGED; what the content, the files and the store throw. Nothing is kept then.
 */
export async function addMaterial(deps: Deps, command: AddMaterialCommand): Promise<AddedMaterial> {
  const { caseId, itemId, actor } = command;
  const before = await findCase(deps, caseId, actor);
  const checklist = checklistFor(deps.handlingRules(), before, before.reason);
  if (!checklist.some(({ id }) => id === itemId)) {
    const known = checklist.map(({ id }) => id).join(', ');
    throw invalidInput([{ field: 'item', problem: `is not on the checklist: ${known}` }]);
  }
  // Before the file is read: a case that takes none should not have it sent in vain.
  planStep(deps, before, { action: 'addMaterial', actor, note: '' });
  let draft: FileDraft | undefined;
  try {
    const received = await receive(command, async () => (draft = await deps.materialFiles.begin()));
    draft ??= await deps.materialFiles.begin();
    await draft.keep(received.sha256);
    return await writeMaterial(deps, command, received);
  } finally {
    await draft?.discard();
  }
}
