/** What materials can be. */
export const MATERIAL_TYPES = ['application/pdf', 'image/jpeg', 'image/png'] as const;
/** One of {@link MATERIAL_TYPES}. */
export type MaterialType = (typeof MATERIAL_TYPES)[number];

/** The longest beginning by which a type is told. */
export const HEAD_BYTES = 8;
/** How much of the end is looked at: readers of PDF look for its last mark in the last 1024 bytes, too. */
export const TAIL_BYTES = 1024;

const HEADS: Readonly<Record<MaterialType, readonly number[]>> = {
  'application/pdf': [0x25, 0x50, 0x44, 0x46, 0x2d],
  'image/jpeg': [0xff, 0xd8, 0xff],
  'image/png': [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
};

const JPEG_END = [0xff, 0xd9];
/** An IEND chunk: no data, its name, its checksum. */
const PNG_END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
const PDF_END = [0x25, 0x25, 0x45, 0x4f, 0x46];
const BLANKS = [0x0a, 0x0d, 0x20, 0x09, 0];

function hasAt(bytes: Uint8Array, at: number, pattern: readonly number[]): boolean {
  return at >= 0 && at + pattern.length <= bytes.length && pattern.every((byte, index) => bytes[at + index] === byte);
}

/** What a file is by its first bytes, at its very beginning; undefined for anything else. */
export function typeOfHead(head: Uint8Array): MaterialType | undefined {
  return MATERIAL_TYPES.find((type) => hasAt(head, 0, HEADS[type]));
}

/**
 * Whether a file ends as its type must: a PDF after its last `%%EOF` (blanks may follow), a JPEG with its end marker, a PNG
 * with its last chunk. One that goes on is cut off, or two files in one.
 *
 * @shape type, the last {@link TAIL_BYTES} bytes or all of a shorter file
 */
export function endsAs(type: MaterialType, tail: Uint8Array): boolean {
  if (type === 'image/jpeg') return hasAt(tail, tail.length - JPEG_END.length, JPEG_END);
  if (type === 'image/png') return hasAt(tail, tail.length - PNG_END.length, PNG_END);
  let end = tail.length;
  while (end > 0 && BLANKS.includes(tail[end - 1] ?? -1)) end -= 1;
  return hasAt(tail, end - PDF_END.length, PDF_END);
}
