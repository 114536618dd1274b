/**
 * The life of a clearing window, in order.
 *
 * - `open`: takes settlements · `closed`: takes no more · `reconciled`: two independent sums agree
 * - `issued`: statements and nets are out · `confirmed`: by both sides of every statement · `paid`: every net is paid
 *
 * @source design §9
 */
export const WINDOW_STATES = ['open', 'closed', 'reconciled', 'issued', 'confirmed', 'paid'] as const;
/** Where a window is in its life. */
export type WindowState = (typeof WINDOW_STATES)[number];

/** Whether a window in one state has been through another, or is in it. */
export function hasReached(state: WindowState, milestone: WindowState): boolean {
  return WINDOW_STATES.indexOf(state) >= WINDOW_STATES.indexOf(milestone);
}
