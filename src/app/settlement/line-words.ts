import type { BillLine } from '../../core/adjudicate/facts.ts';
import type { LineVerdict } from '../../core/adjudicate/verdict.ts';
import { formatFen, formatPrice, formatQuantity, formatRatio } from '../../core/money/text.ts';
import type { CatalogueItem } from '../../core/policy/catalogue.ts';
import type { Words } from './trace-words.ts';

function reasonWords({ reason }: LineVerdict, item: CatalogueItem | undefined): Words {
  switch (reason) {
    case 'NOT_IN_CATALOGUE':
      return { zh: '不在目录内，全自费', en: 'not in the catalogue: full self-pay' };
    case 'CLASS_C':
      return { zh: '丙类，全自费', en: 'class C: full self-pay' };
    case 'RESTRICTED_USE':
      return {
        zh: `限制使用（${item?.restriction ?? ''}）未经确认，全自费`,
        en: `restricted use (${item?.restriction ?? ''}) not confirmed: full self-pay`,
      };
    case 'FULL_SELF_PAY_RATIO':
      return { zh: '先行自付比例为 1，全自费', en: 'first self-pay ratio 1: full self-pay' };
    case 'CLASS_A':
      return { zh: '甲类', en: 'class A' };
    case 'CLASS_B':
      return { zh: '乙类', en: 'class B' };
  }
}

/**
 * How a line was split, as a sentence that can be recomputed by hand.
 *
 * @shape line, its verdict, its item → the same in Chinese and English
 * @units yuan with two places, ratios as decimals
 */
export function lineWords(line: BillLine, verdict: LineVerdict, item: CatalogueItem | undefined): Words {
  const reason = reasonWords(verdict, item);
  if (line.refundOf !== undefined) {
    const amount = formatFen(line.amount);
    return {
      zh: `退第 ${line.refundOf} 行：按原行拆分冲回 ${amount}（${reason.zh}）。`,
      en: `Refund of line ${line.refundOf}: takes ${amount} of its split back (${reason.en}).`,
    };
  }
  const parts: Words[] = [reason];
  if (verdict.overLimit !== 0) {
    const limit =
      item?.priceLimit === undefined ? '' : `${formatQuantity(line.quantity)} × ${formatPrice(item.priceLimit)}`;
    const over = formatFen(verdict.overLimit);
    parts.push({ zh: `超限价（${limit}）${over}`, en: `over the price limit (${limit}) ${over}` });
  }
  if (verdict.firstSelfPayRatio > 0 && verdict.fullSelfPay === 0) {
    const within = formatFen(line.amount - verdict.overLimit);
    const product = `${within} × ${formatRatio(verdict.firstSelfPayRatio)} = ${formatFen(verdict.firstSelfPay)}`;
    parts.push({ zh: `先行自付 ${product}`, en: `first self-pay ${product}` });
  }
  const eligible = formatFen(verdict.eligible);
  parts.push({ zh: `符合政策范围 ${eligible}`, en: `eligible ${eligible}` });
  return { zh: `${parts.map(({ zh }) => zh).join('；')}。`, en: `${parts.map(({ en }) => en).join('; ')}.` };
}
