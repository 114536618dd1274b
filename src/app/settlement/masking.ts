/** A name of which only the last character is left: 王小明 → **明. A name of one character is hidden whole. */
export function maskName(name: string): string {
  const characters = Array.from(name.trim());
  if (characters.length < 2) return '*';
  return '*'.repeat(characters.length - 1) + (characters.at(-1) ?? '');
}

/** Another institution's bill number: enough to find it over the telephone, too little to look it up. */
export function maskBillNumber(billNumber: string): string {
  return billNumber.length <= 3 ? '***' : `***${billNumber.slice(-3)}`;
}
