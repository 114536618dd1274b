import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes files into a folder of their own that lives as long as the test. */
export function configFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A policy of one outpatient ratio. */
export function smallPolicy({
  id = 'small',
  region = '310118',
  scheme = 'employee',
  effective = '{ from: 2023-01-01 }',
  ratio = '0.80',
} = {}): string {
  return `
id: ${id}
region: "${region}"
scheme: ${scheme}
effective: ${effective}
year: { starts: 01-01, placedBy: settlement, source: a decree, provenance: sourced }
benefits:
  outpatient:
    bands:
      ratio: [ { from: 2023-01-01, value: ${ratio}, source: a decree, provenance: memory } ]
`;
}

export const CATALOGUE_HEADER =
  'code,name,kind,class,first_self_pay_employee,first_self_pay_resident,price_limit,restriction,compliant,provenance,source';

export const TWO_REGIONS = `
regions:
  - { code: "310118", name: 青浦, nameEn: Qingpu, province: 上海, prefixes: ["310118"], fund: { name: 基金, nameEn: fund } }
  - { code: "320509", name: 吴江, nameEn: Wujiang, province: 江苏, prefixes: ["320509"], fund: { name: 基金, nameEn: fund } }
`;
