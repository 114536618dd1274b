import { refuse, type Refusal } from './refusal.ts';

/** The life of a payment: `instructed` by the run → `sent` to the bank → `paid`, with the bank's reference. */
export const PAYMENT_STATES = ['instructed', 'sent', 'paid'] as const;
/** Where a payment is in its life. */
export type PaymentState = (typeof PAYMENT_STATES)[number];

/** The life of a request for prefund: `requested` by the treatment county → `reviewed` → `paid`, or `refused` in review. */
export const REQUEST_STATES = ['requested', 'reviewed', 'paid', 'refused'] as const;
/** Where a request is in its life. */
export type RequestState = (typeof REQUEST_STATES)[number];

/** @rejects ALREADY_SENT, ALREADY_PAID */
export function send(state: PaymentState): PaymentState | Refusal {
  if (state === 'paid') return refuse('ALREADY_PAID', 'the payment is made');
  return state === 'sent' ? refuse('ALREADY_SENT', 'the payment was sent to the bank') : 'sent';
}

/** @rejects NOT_SENT, ALREADY_PAID */
export function pay(state: PaymentState): PaymentState | Refusal {
  if (state === 'paid') return refuse('ALREADY_PAID', 'the payment is made');
  return state === 'instructed' ? refuse('NOT_SENT', 'the payment was not sent to the bank') : 'paid';
}

/** @rejects ALREADY_REVIEWED */
export function review(state: RequestState, granted: boolean): RequestState | Refusal {
  if (state !== 'requested') return refuse('ALREADY_REVIEWED', 'the request is reviewed');
  return granted ? 'reviewed' : 'refused';
}

/** @rejects NOT_REVIEWED, REQUEST_REFUSED, ALREADY_PAID */
export function payRequest(state: RequestState): RequestState | Refusal {
  if (state === 'paid') return refuse('ALREADY_PAID', 'the request is paid');
  if (state === 'refused') return refuse('REQUEST_REFUSED', 'the request was refused');
  return state === 'requested' ? refuse('NOT_REVIEWED', 'the request is not reviewed') : 'paid';
}
