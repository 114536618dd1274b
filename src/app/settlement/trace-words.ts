import type { TraceEntry } from '../../core/adjudicate/verdict.ts';
import { shareOfSlices, type Slice } from '../../core/money/fen.ts';
import { formatFen, formatRatio } from '../../core/money/text.ts';

/** A sentence in both languages of the pages. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** What a reader calls the parts of a person's share, the benefits, the purses. */
const NAMES: Readonly<Record<string, Words>> = {
  outpatient: { zh: '普通门诊', en: 'outpatient benefit' },
  pharmacy: { zh: '药店购药', en: 'pharmacy benefit' },
  inpatient: { zh: '住院', en: 'inpatient benefit' },
  specialDisease: { zh: '门诊慢特病', en: 'special-disease benefit' },
  largeCost: { zh: '大额医疗', en: 'large-cost fund' },
  seriousIllness: { zh: '大病保险', en: 'serious-illness insurance' },
  civilServant: { zh: '公务员补助', en: 'civil-servant supplement' },
  medicalAid: { zh: '医疗救助', en: 'medical aid' },
  current: { zh: '当年账户', en: 'current-year account' },
  carried: { zh: '历年账户', en: 'carried-over account' },
  family: { zh: '家庭共济账户', en: "relative's account" },
  fullSelfPay: { zh: '全自费', en: 'full self-pay' },
  compliantSelfPay: { zh: '合规自费', en: 'compliant self-expense' },
  overLimit: { zh: '超限价', en: 'over the price limit' },
  firstSelfPay: { zh: '先行自付', en: 'first self-pay' },
  outOfArea: { zh: '异地先行自付', en: 'out-of-area first self-pay' },
  deductible: { zh: '起付线', en: 'deductible' },
  coinsurance: { zh: '按比例自付', en: 'coinsurance' },
  overCap: { zh: '超封顶', en: 'over the cap' },
};

function nameOf(id: string): Words {
  return NAMES[id] ?? { zh: id, en: id };
}

/** Amounts, ratios and words of one entry, read by name. */
class Reading {
  readonly #entry: TraceEntry;

  constructor(entry: TraceEntry) {
    this.#entry = entry;
  }

  has(key: string): boolean {
    return key in this.#entry.inputs || key in this.#entry.result;
  }

  number(key: string): number {
    return Number(this.#entry.result[key] ?? this.#entry.inputs[key] ?? 0);
  }

  yuan(key: string): string {
    return formatFen(this.number(key));
  }

  ratio(key: string): string {
    return formatRatio(this.number(key));
  }

  text(key: string): string {
    return String(this.#entry.result[key] ?? this.#entry.inputs[key] ?? '');
  }

  /** The numbers of `amount.1`, `amount.2`… or of `standard.3`…, as they stand in the entry. */
  numbered(key: string): string[] {
    return Object.keys(this.#entry.inputs).flatMap((name) =>
      name.startsWith(`${key}.`) ? [name.slice(key.length + 1)] : [],
    );
  }
}

function deductibleWords(of: Words, read: Reading): Words {
  const result = {
    zh: `扣除 ${read.yuan('deducted')}，其后 ${read.yuan('beyond')}`,
    en: `${read.yuan('deducted')} deducted, ${read.yuan('beyond')} beyond`,
  };
  if (read.has('waived')) {
    const when = read.text('waived');
    return { zh: `${of.zh}起付线：免除（${when}）。`, en: `Deductible, ${of.en}: waived (${when}).` };
  }
  if (read.has('standard')) {
    const [expense, standard, used] = [read.yuan('expense'), read.yuan('standard'), read.yuan('used')];
    return {
      zh: `${of.zh}起付线：标准 ${standard}，本年已用 ${used}；费用 ${expense}，${result.zh}。`,
      en: `Deductible, ${of.en}: standard ${standard}, ${used} used this year; of ${expense}, ${result.en}.`,
    };
  }
  const stays = read.numbered('standard');
  const zh = stays.map(
    (no) => `第 ${no} 次住院标准 ${read.yuan(`standard.${no}`)}，费用 ${read.yuan(`expense.${no}`)}`,
  );
  const en = stays.map(
    (no) => `admission ${no}: standard ${read.yuan(`standard.${no}`)}, expense ${read.yuan(`expense.${no}`)}`,
  );
  const ceiling = read.has('roomUnderCeiling')
    ? {
        zh: `；年度上限尚余 ${read.yuan('roomUnderCeiling')}`,
        en: `; ${read.yuan('roomUnderCeiling')} left under the yearly ceiling`,
      }
    : { zh: '', en: '' };
  return {
    zh: `${of.zh}起付线：${zh.join('，')}${ceiling.zh}；${result.zh}。`,
    en: `Deductible, ${of.en}: ${en.join(', ')}${ceiling.en}; ${result.en}.`,
  };
}

function bandsWords(of: Words, read: Reading): Words {
  const slices: Slice[] = read
    .numbered('amount')
    .map((no) => ({ amount: read.number(`amount.${no}`), ratio: read.number(`ratio.${no}`) }));
  const sum = slices.map(({ amount, ratio }) => `${formatFen(amount)} × ${formatRatio(ratio)}`).join(' + ') || '0.00';
  const unlimited = shareOfSlices(slices);
  const paid = read.number('paid');
  const from = read.number('position');
  const capped =
    unlimited === paid
      ? { zh: '', en: '' }
      : { zh: `，受限额约束支付 ${formatFen(paid)}`, en: `, capped to ${formatFen(paid)}` };
  const start =
    from === 0
      ? { zh: '', en: '' }
      : { zh: `（自累计 ${formatFen(from)} 起）`, en: ` (from ${formatFen(from)} on the scale)` };
  return {
    zh: `${of.zh}支付${start.zh}：${sum} = ${formatFen(unlimited)}${capped.zh}。`,
    en: `Payment, ${of.en}${start.en}: ${sum} = ${formatFen(unlimited)}${capped.en}.`,
  };
}

function capWords(id: string, read: Reading): Words {
  const room = read.yuan('room');
  if (read.has('covered')) {
    return {
      zh: `限额 ${id} 尚余 ${room}：费用 ${read.yuan('beyond')} 中 ${read.yuan('covered')} 纳入支付。`,
      en: `Cap ${id} has ${room} left: of ${read.yuan('beyond')}, ${read.yuan('covered')} is looked at.`,
    };
  }
  return {
    zh: `支付限额 ${id} 尚余 ${room}：支付 ${read.yuan('paid')}，超限 ${read.yuan('overCap')}。`,
    en: `Cap ${id} on payment has ${room} left: ${read.yuan('paid')} paid, ${read.yuan('overCap')} over the cap.`,
  };
}

function outOfAreaWords(filing: string, read: Reading): Words {
  if (read.has('eligible')) {
    const product = `${read.yuan('eligible')} × ${read.ratio('ratio')} = ${read.yuan('outOfArea')}`;
    return { zh: `异地先行自付：${product}。`, en: `Out-of-area first self-pay: ${product}.` };
  }
  const forms = ['extraFirstSelfPay', 'ratioMinus', 'benefitTimes', 'deductibleTimes']
    .map((form) => `${form} ${read.ratio(form)}`)
    .join(', ');
  const level = read.number('level') === 0 ? '' : `, level ${read.number('level')}`;
  return {
    zh: `异地就医（备案：${filing}）调整：${forms}${level}。`,
    en: `Treated away from home (filing: ${filing}): ${forms}${level}.`,
  };
}

function layerWords(of: Words, { inputs }: TraceEntry, read: Reading): Words {
  const base = read.yuan('base');
  const parts = Object.keys(inputs).filter((part) => inputs[part] !== 0);
  const sum = (language: keyof Words): string =>
    parts.map((part) => `${nameOf(part)[language]} ${read.yuan(part)}`).join(' + ') || '0.00';
  return { zh: `${of.zh}基数：${sum('zh')} = ${base}。`, en: `Base, ${of.en}: ${sum('en')} = ${base}.` };
}

/**
 * One step of adjudication as a sentence that can be recomputed by hand.
 *
 * @shape trace entry → the same in Chinese and English
 * @units yuan with two places, ratios as decimals
 */
export function wordsFor(entry: TraceEntry): Words {
  const read = new Reading(entry);
  const of = nameOf(entry.of);
  switch (entry.step) {
    case 'benefitYear':
      return {
        zh: `按 ${read.text('benefitDate')} 有效的政策 ${entry.of} 计算；待遇年度自 ${read.text('yearStart')} 起。`,
        en: `Policy ${entry.of} as of ${read.text('benefitDate')}; the benefit year began on ${read.text('yearStart')}.`,
      };
    case 'specialDisease':
      return {
        zh: `门诊慢特病 ${entry.of}，阶段：${read.text('period')}。`,
        en: `Special disease ${entry.of}, period: ${read.text('period')}.`,
      };
    case 'outOfArea':
      return outOfAreaWords(entry.of, read);
    case 'accountFirst':
      return {
        zh: `${of.zh}先行支付 ${read.yuan('paid')}（费用 ${read.yuan('expense')}，余额 ${read.yuan('balance')}）。`,
        en: `The ${of.en} pays ${read.yuan('paid')} first (of ${read.yuan('expense')}, balance ${read.yuan('balance')}).`,
      };
    case 'deductible':
      return deductibleWords(of, read);
    case 'bands':
      return bandsWords(of, read);
    case 'cap':
      return capWords(entry.of, read);
    case 'lumpSum':
      return {
        zh: `${of.zh}一次性补助 ${read.yuan('lumpSum')}（累计 ${read.yuan('accumulated')}，本次 ${read.yuan('base')}）。`,
        en: `Lump sum, ${of.en}: ${read.yuan('lumpSum')} (accumulated ${read.yuan('accumulated')}, now ${read.yuan('base')}).`,
      };
    case 'layer':
      return layerWords(of, entry, read);
    case 'account':
      return {
        zh: `${of.zh}支付 ${read.yuan('paid')}（可支付 ${read.yuan('payable')}，余额 ${read.yuan('balance')}）。`,
        en: `The ${of.en} pays ${read.yuan('paid')} (payable ${read.yuan('payable')}, balance ${read.yuan('balance')}).`,
      };
    case 'cash':
      return {
        zh: `现金：个人负担 ${read.yuan('personTotal')} − 账户 ${read.yuan('account')} = ${read.yuan('cash')}。`,
        en: `Cash: person's share ${read.yuan('personTotal')} − accounts ${read.yuan('account')} = ${read.yuan('cash')}.`,
      };
  }
}
