import type { BillLine } from '../../core/adjudicate/facts.ts';
import type { LineVerdict, TraceEntry } from '../../core/adjudicate/verdict.ts';
import { formatFen, formatPrice, formatQuantity, formatRatio } from '../../core/money/text.ts';
import type { CatalogueItem } from '../../core/policy/catalogue.ts';
import type { Provenance } from '../../core/policy/parameter.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Institution, StoredSettlement } from '../ports.ts';
import { itemsOf, lineSharesOf, presentSettlement, type Standing } from './answer.ts';
import type { SettlementDocument } from './document.ts';
import { lineWords } from './line-words.ts';
import { accumulatorText } from './present-accumulators.ts';
import { presentParameter, traceValues } from './trace-values.ts';
import { wordsFor, type Words } from './trace-words.ts';

function presentItem({ name, priceLimit, restriction, compliant, source, provenance }: CatalogueItem) {
  return {
    name,
    priceLimit: priceLimit === undefined ? undefined : formatPrice(priceLimit),
    restriction,
    compliant,
    source,
    provenance,
  };
}

function presentLine(line: BillLine, verdict: LineVerdict, item: CatalogueItem | undefined) {
  const words = lineWords(line, verdict, item);
  return {
    ...lineSharesOf(verdict),
    code: line.code,
    name: line.name,
    quantity: formatQuantity(line.quantity),
    price: formatPrice(line.price),
    amount: formatFen(line.amount),
    feeDate: line.feeDate,
    refundOf: line.refundOf,
    firstSelfPayRatio: formatRatio(verdict.firstSelfPayRatio),
    item: item && presentItem(item),
    words: words.zh,
    wordsEn: words.en,
  };
}

function presentStep(entry: TraceEntry) {
  const { step, of, inputs, result, rows } = entry;
  const words = wordsFor(entry);
  return {
    step,
    of,
    inputs: traceValues(inputs),
    result: traceValues(result),
    parameters: rows.map(presentParameter),
    words: words.zh,
    wordsEn: words.en,
  };
}

function presentChanges({ verdict }: SettlementDocument, rulebook: Rulebook) {
  const known = rulebook.policyByHash(verdict.policyHash)?.accumulators ?? [];
  return verdict.accumulators.map(({ bucket, name, before, after }) => {
    const measure = known.find((accumulator) => accumulator.name === name)?.measure;
    const [from, to] = [accumulatorText(before, measure), accumulatorText(after, measure)];
    return { bucket, name, measure: measure ?? 'unknown', before: from, after: to };
  });
}

function noticeFor(provenance: Provenance, rulesAreHeld: boolean): Words {
  if (!rulesAreHeld) {
    return {
      zh: '计算所依据的政策版本已不在本系统中，来源无法列出。',
      en: 'The version of the rules that this rests on is no longer held here; their sources cannot be listed.',
    };
  }
  switch (provenance) {
    case 'sourced':
      return { zh: '', en: '' };
    case 'memory':
      return {
        zh: '部分政策参数凭记忆录入，尚未与公布文件核对。',
        en: 'Some values of law were entered from memory and are not yet checked against the published text.',
      };
    case 'illustrative':
      return {
        zh: '部分政策参数为演示值，并非公布的标准，不能作为实际待遇的依据。',
        en: 'Some values of law are illustrative, not published ones: this does not show an actual entitlement.',
      };
  }
}

/**
 * A printed statement as data: what was billed, who pays what, and every step with the values of law it used, so that
 * anyone can recompute the bill by hand.
 *
 * @shape settlement, its document → statement; parameters are missing where the policy is not held any more
 * @units yuan with two places, ratios as decimals, admissions as counts
 * @source design §1 (patient), §5 (trace)
 */
export function presentStatement(
  settlement: StoredSettlement,
  document: SettlementDocument,
  institution: Pick<Institution, 'name' | 'nameEn'>,
  standing: Standing,
  rulebook: Rulebook,
) {
  const { bill, person, verdict } = document;
  const items = itemsOf(document, rulebook);
  const answer = presentSettlement(settlement, document, standing, rulebook);
  const notice = noticeFor(answer.provenance, rulebook.policyByHash(verdict.policyHash) !== undefined);
  return {
    ...answer,
    personName: person.name,
    institutionName: institution.name,
    institutionNameEn: institution.nameEn,
    admissionDate: bill.admissionDate,
    disease: bill.disease,
    catalogueOf: verdict.catalogueOf,
    lines: bill.lines.map((line, index) => presentLine(line, verdict.lines[index] as LineVerdict, items[index])),
    trace: verdict.trace.map(presentStep),
    accumulators: presentChanges(document, rulebook),
    notice: notice.zh,
    noticeEn: notice.en,
  };
}
