import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsAs, HEAD_BYTES, MATERIAL_TYPES, TAIL_BYTES, typeOfHead } from '../../../src/core/casework/media-type.ts';
import { sampleFile } from '../../support/material-files.ts';

const headOf = (bytes: Uint8Array) => bytes.subarray(0, HEAD_BYTES);
const tailOf = (bytes: Uint8Array) => bytes.subarray(-TAIL_BYTES);

describe('what a file is', () => {
  it.each(MATERIAL_TYPES)('%s is told by its beginning and held against its end', (type) => {
    const file = sampleFile(type, 5000);
    expect(typeOfHead(headOf(file))).toBe(type);
    for (const each of MATERIAL_TYPES) expect(endsAs(each, tailOf(file))).toBe(each === type);
  });

  it.each(MATERIAL_TYPES)('%s that is cut anywhere is no such file', (type) => {
    const file = sampleFile(type, 3000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: file.length - 2 }), (length) => {
        expect(endsAs(type, tailOf(file.subarray(0, length)))).toBe(false);
      }),
    );
  });

  it.each(MATERIAL_TYPES)('%s with another file behind it is no such file', (type) => {
    const zip = new TextEncoder().encode('PK\u0003\u0004 and so on');
    expect(endsAs(type, tailOf(new Uint8Array([...sampleFile(type, 100), ...zip])))).toBe(false);
  });

  it('is nothing when something stands before it', () => {
    for (const type of MATERIAL_TYPES) {
      expect(typeOfHead(headOf(new Uint8Array([0x20, ...sampleFile(type, 100)])))).toBeUndefined();
    }
    expect(typeOfHead(new Uint8Array())).toBeUndefined();
    expect(typeOfHead(new TextEncoder().encode('<html>'))).toBeUndefined();
  });

  it('may have blanks after the last mark of a PDF', () => {
    const text = new TextEncoder().encode('%PDF-1.7\n%%EOF\r\n \n');
    expect(endsAs('application/pdf', text)).toBe(true);
    expect(endsAs('application/pdf', new Uint8Array())).toBe(false);
  });
});
