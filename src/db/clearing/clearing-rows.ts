import type {
  ClearingWindow,
  GrossItem,
  InstitutionStatement,
  NetPosition,
  PairStatement,
  StatementItem,
} from '../../app/clearing/ports.ts';
import type { WindowState } from '../../core/lifecycle/window-states.ts';
import type { BenefitKind, Scheme } from '../../core/policy/terms.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';

type Layer = GrossItem['layer'];

function optionalInstant(value: unknown): number | undefined {
  return value === null ? undefined : exactInteger(value);
}

export function windowOf(record: Row): ClearingWindow {
  return {
    windowId: exactInteger(record.window_id),
    businessDate: record.business_date as string,
    state: record.state as WindowState,
    openedAtMs: exactInteger(record.opened_at_ms),
    closedAtMs: optionalInstant(record.closed_at_ms),
    reconciledAtMs: optionalInstant(record.reconciled_at_ms),
    issuedAtMs: optionalInstant(record.issued_at_ms),
    confirmedAtMs: optionalInstant(record.confirmed_at_ms),
    paidAtMs: optionalInstant(record.paid_at_ms),
  };
}

function grossKeyOf(record: Row): Pick<GrossItem, 'homeRegion' | 'treatmentRegion' | 'institutionId' | 'scheme'> {
  return {
    homeRegion: record.home_region as string,
    treatmentRegion: record.treatment_region as string,
    institutionId: record.institution_id as string,
    scheme: record.scheme as Scheme,
  };
}

export function grossItemOf(record: Row): GrossItem {
  return {
    ...grossKeyOf(record),
    layer: record.layer as Layer,
    settlements: exactInteger(record.settlements),
    amount: exactInteger(record.amount_fen),
  };
}

export function statementItemOf(record: Row): StatementItem {
  const institutionId = record.institution_id as string;
  const fundTotal = exactInteger(record.fund_total_fen);
  const account = exactInteger(record.account_fen);
  return {
    settlementId: record.settlement_id as string,
    institutionId,
    billNumber: (record.bill_key as string).slice(institutionId.length + 1),
    scheme: record.scheme as Scheme,
    benefit: record.benefit as BenefitKind,
    reverses: (record.reverses as string | null) ?? undefined,
    total: exactInteger(record.total_fen),
    fundTotal,
    account,
    owed: fundTotal + account,
  };
}

export function statementOf(record: Row): PairStatement {
  return {
    statementId: record.statement_id as string,
    windowId: exactInteger(record.window_id),
    homeRegion: record.home_region as string,
    treatmentRegion: record.treatment_region as string,
    settlements: exactInteger(record.settlements),
    owed: exactInteger(record.owed_fen),
    itemsHash: record.items_hash as string,
  };
}

export function institutionStatementOf(record: Row): InstitutionStatement {
  return {
    windowId: exactInteger(record.window_id),
    institutionId: record.institution_id as string,
    treatmentRegion: record.treatment_region as string,
    settlements: exactInteger(record.settlements),
    owed: exactInteger(record.owed_fen),
    itemsHash: record.items_hash as string,
  };
}

export function netOf(record: Row): NetPosition {
  return {
    windowId: exactInteger(record.window_id),
    region: record.region as string,
    receivable: exactInteger(record.receivable_fen),
    payable: exactInteger(record.payable_fen),
    net: exactInteger(record.net_fen),
  };
}
