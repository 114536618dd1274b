import type { MaterialType } from '../../src/core/casework/media-type.ts';

const ENDS: Readonly<Record<MaterialType, readonly [head: readonly number[], tail: readonly number[]]>> = {
  'application/pdf': [[...Buffer.from('%PDF-1.7\n')], [...Buffer.from('\nstartxref\n0\n%%EOF\n')]],
  'image/jpeg': [
    [0xff, 0xd8, 0xff, 0xe0],
    [0xff, 0xd9],
  ],
  'image/png': [
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82],
  ],
};

/** A file that begins and ends as its type does, with `seed` repeated in between. */
export function sampleFile(type: MaterialType, bytes = 200, seed = 7): Buffer {
  const [head, tail] = ENDS[type];
  const middle = Math.max(0, bytes - head.length - tail.length);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(middle, seed), Buffer.from(tail)]);
}
