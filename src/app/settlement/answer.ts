import type { LineVerdict, Verdict } from '../../core/adjudicate/verdict.ts';
import { formatFen } from '../../core/money/text.ts';
import type { CatalogueItem } from '../../core/policy/catalogue.ts';
import type { Provenance } from '../../core/policy/parameter.ts';
import { weakestProvenance } from '../../core/policy/policy.ts';
import { inForce, type Rulebook } from '../../core/policy/rulebook.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { StoredSettlement } from '../ports.ts';
import type { Provisional } from '../standin/ports.ts';
import type { ReversalDocument, SettlementDocument } from './document.ts';
import type { Judgement } from './judge-bill.ts';
import { cataloguesUsed } from './rules-as-settled.ts';

/** What an answer needs of a bill that was worked out. */
export type Worked = Pick<SettlementDocument, 'bill' | 'verdict'>;

/**
 * Who pays what of a bill.
 *
 * `deductible` is what the basic benefit deducted, before further layers took it over; `outOfArea` likewise.
 *
 * @shape verdict, −1 for a reversal → shares
 * @units fen → yuan as text
 */
export function sharesOf(verdict: Verdict, sign: 1 | -1 = 1) {
  const text = (amount: number): string => formatFen(sign * amount);
  const { funds, accounts, personParts } = verdict;
  let expense = 0;
  let deducted = 0;
  for (const stage of verdict.stages) {
    if (stage.fund !== 'pool') continue;
    expense += stage.expense;
    deducted += stage.deducted;
  }
  return {
    total: text(verdict.total),
    fullSelfPay: text(verdict.fullSelfPay),
    overLimit: text(verdict.overLimit),
    firstSelfPay: text(verdict.firstSelfPay),
    eligible: text(verdict.eligible),
    // What was eligible and did not enter the basic benefit was taken before it.
    outOfArea: text(verdict.eligible - expense - personParts.accountFirst),
    deductible: text(deducted),
    funds: {
      pool: text(funds.pool),
      largeCost: text(funds.largeCost),
      seriousIllness: text(funds.seriousIllness),
      civilServant: text(funds.civilServant),
      medicalAid: text(funds.medicalAid),
    },
    fundTotal: text(verdict.fundTotal),
    personTotal: text(verdict.personTotal),
    account: text(verdict.account),
    accounts: { current: text(accounts.current), carried: text(accounts.carried), family: text(accounts.family) },
    cash: text(verdict.cash),
  };
}

/**
 * What the person's share is made of after every fund has paid.
 *
 * @shape verdict, −1 for a reversal → parts that add up to `personTotal`
 * @units fen → yuan as text
 */
export function personPartsOf({ personParts: parts }: Verdict, sign: 1 | -1 = 1) {
  return {
    fullSelfPay: formatFen(sign * parts.fullSelfPay),
    compliantSelfPay: formatFen(sign * parts.compliantSelfPay),
    overLimit: formatFen(sign * parts.overLimit),
    firstSelfPay: formatFen(sign * parts.firstSelfPay),
    outOfArea: formatFen(sign * parts.outOfArea),
    accountFirst: formatFen(sign * parts.accountFirst),
    deductible: formatFen(sign * parts.deductible),
    coinsurance: formatFen(sign * parts.coinsurance),
    overCap: formatFen(sign * parts.overCap),
  };
}

/** One line's split as text. */
export function lineSharesOf({
  no,
  itemClass,
  reason,
  benefit,
  fullSelfPay,
  overLimit,
  firstSelfPay,
  eligible,
}: LineVerdict) {
  return {
    no,
    itemClass,
    reason,
    benefit,
    fullSelfPay: formatFen(fullSelfPay),
    overLimit: formatFen(overLimit),
    firstSelfPay: formatFen(firstSelfPay),
    eligible: formatFen(eligible),
  };
}

/**
 * The catalogue item that each line was split by.
 *
 * @shape bill, verdict, rulebook → one item a line; undefined where none matched or a catalogue is not held any more
 */
export function itemsOf({ bill, verdict }: Worked, rulebook: Rulebook): (CatalogueItem | undefined)[] {
  const catalogues = cataloguesUsed(verdict, rulebook);
  return bill.lines.map(({ code, feeDate }) => {
    return code === undefined ? undefined : inForce(catalogues, feeDate)?.items.get(code);
  });
}

function holdsRules({ policyHash, catalogueHashes }: Verdict, rulebook: Rulebook): boolean {
  if (rulebook.policyByHash(policyHash) === undefined) return false;
  return catalogueHashes.every((hash) => rulebook.catalogueByHash(hash) !== undefined);
}

/**
 * The weakest tag among the values of law that a bill rests on: what the regions agreed, rows of the trace, items of the
 * lines. Where the rules are not held any more nothing can be vouched for.
 */
export function provenanceOf(worked: Worked, rulebook: Rulebook): Provenance {
  const { verdict } = worked;
  if (!holdsRules(verdict, rulebook)) return 'illustrative';
  return weakestProvenance(tagsOf(worked, rulebook));
}

/** Item after item only as far as somebody asks: most bills are illustrative by what the regions agreed. */
function* tagsOf(worked: Worked, rulebook: Rulebook): Generator<Provenance> {
  const { pairProvenance, trace } = worked.verdict;
  yield pairProvenance;
  for (const { rows } of trace) for (const { provenance } of rows) yield provenance;
  for (const item of itemsOf(worked, rulebook)) if (item !== undefined) yield item.provenance;
}

function presentWorked(worked: Worked, rulebook: Rulebook) {
  const { verdict } = worked;
  return {
    shares: sharesOf(verdict),
    personParts: personPartsOf(verdict),
    lines: verdict.lines.map(lineSharesOf),
    provenance: provenanceOf(worked, rulebook),
    policy: verdict.policyHash,
    catalogues: [...verdict.catalogueHashes],
  };
}

/** The answer to a quote. */
export function presentQuote({ facts, person, verdict }: Judgement, rulebook: Rulebook) {
  return {
    homeRegion: person.homeRegion,
    treatmentRegion: facts.institution.region,
    scheme: person.scheme,
    ...presentWorked({ bill: facts.bill, verdict }, rulebook),
  };
}

/** Where a settlement stands, beside what it is. */
export interface Standing {
  readonly repeat: boolean;
  readonly reversed: boolean;
  /** Undefined for what was settled in the ordinary way. */
  readonly provisional?: Provisional | undefined;
}

/** What became of a settlement that was made while the home fund could not be asked. */
export function presentProvisional({ state, reason, correctedBy, difference }: Provisional) {
  return { state, reason, correctedBy, difference: difference === undefined ? undefined : formatFen(difference) };
}

/** A settlement as the institution that posted it gets it. */
export function presentSettlement({ row }: StoredSettlement, worked: Worked, standing: Standing, rulebook: Rulebook) {
  return {
    settlementId: row.settlementId,
    status: standing.reversed ? ('reversed' as const) : ('settled' as const),
    repeat: standing.repeat,
    institutionId: row.institutionId,
    billNumber: row.billNumber,
    personId: row.personId,
    kind: row.benefit,
    visitDate: row.visitDate,
    settledAt: shanghaiInstant(row.settledAtMs),
    windowId: row.windowId,
    contentHash: row.contentHash,
    homeRegion: row.homeRegion,
    treatmentRegion: row.treatmentRegion,
    scheme: row.scheme,
    provisional: standing.provisional && presentProvisional(standing.provisional),
    ...presentWorked(worked, rulebook),
  };
}

/** A reversal: the exact negatives of the original's shares. */
export function presentReversal(
  { row, document }: StoredSettlement,
  original: Pick<SettlementDocument, 'verdict'>,
  repeat: boolean,
) {
  const { reverses, reason } = JSON.parse(document) as ReversalDocument;
  return {
    settlementId: row.settlementId,
    reverses,
    repeat,
    reason,
    windowId: row.windowId,
    settledAt: shanghaiInstant(row.settledAtMs),
    shares: sharesOf(original.verdict, -1),
  };
}
