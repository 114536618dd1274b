import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CATALOGUE_HEADER } from './config-folder.ts';

/** Home of everybody who is billed in the service's tests. */
export const HOME = '320509';
/** Where they are treated. */
export const AWAY = '330421';

/** The days of clearing are the real ones. */
const CALENDAR = new URL('../../config/calendar.yaml', import.meta.url);

const OF_LAW = 'source: a decree, provenance: sourced';

function policy(region: string): string {
  return `
id: service-${region}
region: "${region}"
scheme: employee
effective: { from: 2024-01-01 }
year: { starts: 01-01, placedBy: settlement, ${OF_LAW} }
accumulators:
  deducted: { counts: deducted, of: [outpatient] }
  poolPaid: { counts: paid, of: [outpatient, specialDisease] }
  stays: { counts: admissions, of: [inpatient] }
benefits:
  outpatient:
    deductible: { form: yearly, accumulator: deducted, amount: [ { from: 2024-01-01, value: 600, ${OF_LAW} } ] }
    bands: { ratio: [ { from: 2024-01-01, value: 0.80, ${OF_LAW} } ] }
    caps: [ { id: yearly, on: payment, accumulator: poolPaid, amount: [ { from: 2024-01-01, value: 5000, ${OF_LAW} } ] } ]
  inpatient:
    deductible:
      { form: perAdmission, admissions: stays, amount: [ { from: 2024-01-01, value: 900, ${OF_LAW} } ] }
    bands: { ratio: [ { from: 2024-01-01, value: 0.90, source: somebody, provenance: memory } ] }
  specialDisease:
    bands: { ratio: [ { from: 2024-01-01, value: 0.90, ${OF_LAW} } ] }
layers:
  - id: aid
    fund: medicalAid
    when: { medicalAid: lowIncome }
    base: [ coinsurance ]
    bands: { ratio: [ { from: 2024-01-01, value: 0.50, ${OF_LAW} } ] }
specialDiseases:
  - { code: M07801, name: 透析, scope: any, ${OF_LAW} }
  - { code: M00500, name: 肿瘤, scope: any, ${OF_LAW} }
accounts:
  - { purse: current, benefits: [outpatient], pays: [firstSelfPay, deductible, coinsurance], ${OF_LAW} }
`;
}

const CATALOGUE = `${CATALOGUE_HEADER}
A1,透析液,drug,A,0,0,,,,sourced,a decree
B1,促红素,drug,B,0.1,0.1,50,,,sourced,a decree
C1,保健品,drug,C,1,1,,,,sourced,a decree
X1,演示药,drug,A,0,0,,,,illustrative,made up
`;

const REGIONS = `
regions:
  - { code: "320509", name: 吴江, nameEn: Wujiang, province: 江苏, prefixes: ["320509"], fund: { name: 基金, nameEn: fund } }
  - { code: "330421", name: 嘉善, nameEn: Jiashan, province: 浙江, prefixes: ["330421"], fund: { name: 基金, nameEn: fund } }
  - { code: "310118", name: 青浦, nameEn: Qingpu, province: 上海, prefixes: ["310118"], fund: { name: 基金, nameEn: fund } }
zones:
  - id: zone
    name: 示范区
    members: ["320509", "330421", "310118"]
    open: [ { benefits: [outpatient, inpatient, specialDisease], from: 2020-01-01, ${OF_LAW} } ]
pairs:
  - home: any
    treatment: any
    catalogueOf: [ { from: 2020-01-01, value: home, ${OF_LAW} } ]
    openDiseases: [ { from: 2020-01-01, value: [M07801], ${OF_LAW} } ]
`;

const INSTITUTIONS = `
institutions:
  - { id: H33042100001, name: 嘉善医院, nameEn: Jiashan hospital, region: "330421", level: 3, kind: hospital, mapping: { OWN-1: A1 } }
  - { id: H31011800001, name: 青浦医院, nameEn: Qingpu hospital, region: "310118", level: 3, kind: hospital }
`;

const ITEM = 'toVerify: false, source: a notice, provenance: illustrative';

/** What a county wants of every case (a card, and a form signed in ink that a clerk has looked at), and its days. */
function handling(region: string, days: number): string {
  return `
region: "${region}"
checklists:
  - reasons: [standInRefused, expiredProvisional, correctionBlocked, correctionRejected, diseaseNotOpen, objectionUpheld, manual]
    items:
      - { id: card, name: 身份证, nameEn: card, required: true, ${ITEM} }
      - { id: form, name: 申请表, nameEn: form, required: true, ${ITEM.replace('false', 'true')} }
      - { id: letter, name: 说明, nameEn: letter, required: false, ${ITEM} }
deadlines:
  - { state: opened, workingDays: ${days}, remindBefore: 1, source: a notice, provenance: illustrative }
  - { state: forwarded, workingDays: ${days}, remindBefore: 1, source: a notice, provenance: illustrative }
`;
}

function guide(region: string, days: number): string {
  return `
region: "${region}"
sections:
  - id: filing
    steps:
      - { id: zone, zh: 无需备案, en: no filing, ${OF_LAW} }
      - { id: days, zh: "${days}天", en: "${days} days", ${OF_LAW} }
      - { id: only${region}, zh: 独有, en: only here, ${OF_LAW} }
`;
}

/** Writes small rules of three counties into a folder of their own, so that tests do not hang on the counties' real data. */
export function writeServiceRules(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-rules-'));
  const files: Record<string, string> = { 'regions/regions.yaml': REGIONS, 'institutions/all.yaml': INSTITUTIONS };
  for (const region of [HOME, AWAY]) {
    files[`policies/${region}/employee/2024.yaml`] = policy(region);
    files[`catalogues/${region}/2024-01-01.csv`] = CATALOGUE;
    files[`casework/${region}.yaml`] = handling(region, region === HOME ? 5 : 2);
    files[`guides/${region}.yaml`] = guide(region, region === HOME ? 5 : 2);
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  copyFileSync(CALENDAR, join(folder, 'calendar.yaml'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const TERMS = `
region: "${HOME}"
freshEligibility: { value: true, ${OF_LAW} }
copyAgeMax: { value: 24h, ${OF_LAW} }
deadline: { value: 500ms, ${OF_LAW} }
standIn:
  amountMax: { value: 1000, ${OF_LAW} }
  copyAgeMax: { value: 30d, ${OF_LAW} }
  exposurePerDayMax: { value: 5000, ${OF_LAW} }
confirmWithin: { value: 7d, ${OF_LAW} }
`;

/** Writes terms of the home fund into such a folder: with them its own system is asked, and stood in for. */
export function writeHomeTerms(folder: string): void {
  mkdirSync(join(folder, 'partners'));
  writeFileSync(join(folder, 'partners', 'home.yaml'), TERMS);
}
