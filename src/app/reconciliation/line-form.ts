import type { FileSource } from '../../core/reconcile/rows.ts';

/** What a column holds. `party` and `businessDate` must be those that the file is sent for; `content` is anything. */
export type ColumnKind =
  | 'party'
  | 'businessDate'
  | 'settlementId'
  | 'visitId'
  | 'refund'
  | 'personId'
  | 'total'
  | 'fundTotal'
  | 'account'
  | 'policyHash'
  | 'content';

/** A column of a file, by the name that its senders know. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** How the lines of a file are written. */
export interface LineForm {
  readonly name: 'csv' | 'chs';
  readonly delimiter: ',' | '\t';
  /** Whether the first line must name the columns. */
  readonly hasHeader: boolean;
  readonly columns: readonly Column[];
  /** The last columns that a file may leave out, all its lines alike. */
  readonly optional: number;
}

/**
 * Our own form: CSV (RFC 4180, UTF-8) whose first line names the columns.
 *
 * `institutionId` (a fund's file: `homeRegion`) and `businessDate` are those of the file on every line · `settlementId` is
 * ours · `billNumber` the institution's · `refund` 0 or 1 · amounts have at most two places and are not above 0 where
 * `refund` is 1 · `policyHash`, which may be left out, is that of the policy that the sender settled by.
 */
export function csvForm(source: FileSource): LineForm {
  return {
    name: 'csv',
    delimiter: ',',
    hasHeader: true,
    columns: [
      { name: source === 'institution' ? 'institutionId' : 'homeRegion', kind: 'party' },
      { name: 'businessDate', kind: 'businessDate' },
      { name: 'settlementId', kind: 'settlementId' },
      { name: 'billNumber', kind: 'visitId' },
      { name: 'refund', kind: 'refund' },
      { name: 'personId', kind: 'personId' },
      { name: 'total', kind: 'total' },
      { name: 'fundTotal', kind: 'fundTotal' },
      { name: 'account', kind: 'account' },
      { name: 'policyHash', kind: 'policyHash' },
    ],
    optional: 1,
  };
}

/**
 * The national form of 3202: TAB between columns, no header.
 *
 * @source chs-interface 4.2
 */
export const CHS_FORM: LineForm = {
  name: 'chs',
  delimiter: '\t',
  hasHeader: false,
  columns: [
    { name: 'setl_id', kind: 'settlementId' },
    { name: 'mdtrt_id', kind: 'visitId' },
    { name: 'psn_no', kind: 'personId' },
    { name: 'medfee_sumamt', kind: 'total' },
    { name: 'fund_pay_sumamt', kind: 'fundTotal' },
    { name: 'acct_pay', kind: 'account' },
    { name: 'refd_setl_flag', kind: 'refund' },
    { name: 'exp_content', kind: 'content' },
  ],
  optional: 1,
};

/** The form of a file by its name, or by that of the only file in a ZIP file, where our own is said to be CSV. */
export function formOf(name: string, isZip: boolean, source: FileSource): LineForm {
  const isCsv = isZip ? /\.csv$/i.test(name) : !/\.txt$/i.test(name);
  return isCsv ? csvForm(source) : CHS_FORM;
}
