import type { CaseForm } from '../casework/terms.ts';
import type { Fen } from '../money/fen.ts';

/**
 * Where a case is in its life.
 *
 * - `opened` → `materialsWanted` ⇄ → `materialsComplete` → `forwarded` → `accepted` ⇄ `moreAsked`
 * - → `granted`, `grantedInPart` or `refused` (once) → `paid` or `returned` → `closed`; `withdrawn` until it is decided
 *
 * @source design §11
 */
export const CASE_STATES = [
  'opened',
  'materialsWanted',
  'materialsComplete',
  'forwarded',
  'accepted',
  'moreAsked',
  'granted',
  'grantedInPart',
  'refused',
  'paid',
  'returned',
  'closed',
  'withdrawn',
] as const;
/** One of {@link CASE_STATES}. */
export type CaseState = (typeof CASE_STATES)[number];

/** Everything that can be done to a case after it is opened. The last three leave it where it is. */
export const CASE_ACTIONS = [
  'wantMaterials',
  'complete',
  'forward',
  'accept',
  'askMore',
  'supply',
  'grant',
  'grantInPart',
  'refuse',
  'pay',
  'return',
  'close',
  'withdraw',
  'addMaterial',
  'verify',
  'unverify',
] as const;
/** One of {@link CASE_ACTIONS}. */
export type CaseAction = (typeof CASE_ACTIONS)[number];

/** Who acts: a clerk of the county that opened the case or of the one that decides it, or the engine by itself. */
export type CaseSide = 'opening' | 'deciding' | 'engine';

/** What a step depends on. */
export interface CaseStanding {
  readonly state: CaseState;
  readonly form: CaseForm;
  readonly granted: Fen;
}

interface Step {
  readonly from: readonly CaseState[];
  readonly by: readonly CaseSide[];
  /** Undefined: it stays where it is. */
  readonly to?: CaseState;
  readonly when?: (standing: CaseStanding) => boolean;
}

const COLLECTING: readonly CaseState[] = ['opened', 'materialsWanted', 'materialsComplete'];
const DECIDING: readonly CaseState[] = ['forwarded', 'accepted'];
const UNDECIDED: readonly CaseState[] = [...COLLECTING, ...DECIDING, 'moreAsked'];
const DECIDED: readonly CaseState[] = ['granted', 'grantedInPart'];

const isAuthorised = ({ form }: CaseStanding): boolean => form === 'authorised';
const isToBePaid = ({ granted }: CaseStanding): boolean => granted > 0;
const nothingToPay = ({ granted }: CaseStanding): boolean => granted === 0;

const HANDLING: readonly Step[] = [
  { from: [...COLLECTING, 'moreAsked'], by: ['opening'] },
  { from: DECIDING, by: ['deciding'] },
];

const STEPS: Readonly<Record<CaseAction, readonly Step[]>> = {
  wantMaterials: [{ from: ['opened', 'materialsComplete'], by: ['opening'], to: 'materialsWanted' }],
  complete: [{ from: ['opened', 'materialsWanted'], by: ['opening'], to: 'materialsComplete' }],
  forward: [{ from: ['materialsComplete'], by: ['opening'], to: 'forwarded' }],
  accept: [
    { from: ['forwarded'], by: ['deciding'], to: 'accepted' },
    // Authorised handling: the opening county accepts in the deciding county's name.
    { from: ['materialsComplete', 'forwarded'], by: ['opening'], to: 'accepted', when: isAuthorised },
  ],
  askMore: [{ from: ['accepted'], by: ['deciding'], to: 'moreAsked' }],
  supply: [{ from: ['moreAsked'], by: ['opening'], to: 'accepted' }],
  grant: [{ from: ['accepted'], by: ['deciding'], to: 'granted' }],
  grantInPart: [{ from: ['accepted'], by: ['deciding'], to: 'grantedInPart' }],
  refuse: [{ from: ['accepted'], by: ['deciding'], to: 'refused' }],
  pay: [{ from: DECIDED, by: ['deciding'], to: 'paid', when: isToBePaid }],
  // Sent back unaccepted, or its papers after a refusal.
  return: [{ from: ['forwarded', 'refused'], by: ['deciding'], to: 'returned' }],
  close: [
    { from: ['paid', 'returned'], by: ['opening'], to: 'closed' },
    { from: ['granted'], by: ['opening'], to: 'closed', when: nothingToPay },
  ],
  // The engine withdraws what settled itself, such as a provisional settlement confirmed after all.
  withdraw: [{ from: UNDECIDED, by: ['opening', 'engine'], to: 'withdrawn' }],
  addMaterial: HANDLING,
  verify: HANDLING,
  unverify: HANDLING,
};

/** What became of an attempt: the state it leads to and the side that took it, or why not. */
export type CaseMove =
  | { readonly ok: true; readonly to: CaseState; readonly side: CaseSide }
  | { readonly ok: false; readonly refusal: 'wrongState' | 'wrongSide' };

/**
 * Takes one step of a case.
 *
 * @shape standing, action, the sides that the caller can act for → next state and the side that acts
 * @rejects wrongSide when the step is another side's (also in a state from which only another side may), wrongState else
 */
export function moveCase(standing: CaseStanding, action: CaseAction, sides: readonly CaseSide[]): CaseMove {
  const steps = STEPS[action];
  const here = steps.filter(({ from, when }) => from.includes(standing.state) && when?.(standing) !== false);
  for (const { by, to = standing.state } of here) {
    const side = by.find((each) => sides.includes(each));
    if (side !== undefined) return { ok: true, to, side };
  }
  const isEverTheirs = steps.some(({ by }) => by.some((side) => sides.includes(side)));
  return { ok: false, refusal: here.length > 0 || !isEverTheirs ? 'wrongSide' : 'wrongState' };
}

/** The actions that a caller can take now, in the order of {@link CASE_ACTIONS}. */
export function possibleActions(standing: CaseStanding, sides: readonly CaseSide[]): CaseAction[] {
  return CASE_ACTIONS.filter((action) => moveCase(standing, action, sides).ok);
}

/** Whose turn it is; nobody's once the case is closed or withdrawn. */
export function actingSide({ state, granted }: CaseStanding): 'opening' | 'deciding' | undefined {
  switch (state) {
    case 'opened':
    case 'materialsWanted':
    case 'materialsComplete':
    case 'moreAsked':
    case 'paid':
    case 'returned':
      return 'opening';
    case 'granted':
      return granted === 0 ? 'opening' : 'deciding';
    case 'forwarded':
    case 'accepted':
    case 'grantedInPart':
    case 'refused':
      return 'deciding';
    case 'closed':
    case 'withdrawn':
      return undefined;
  }
}

/** The decisions that there are. */
export const CASE_OUTCOMES = ['granted', 'grantedInPart', 'refused'] as const;
/** One of {@link CASE_OUTCOMES}. */
export type CaseOutcome = (typeof CASE_OUTCOMES)[number];

/** The action that makes a decision. */
export const DECISION_ACTIONS: Readonly<Record<CaseOutcome, CaseAction>> = {
  granted: 'grant',
  grantedInPart: 'grantInPart',
  refused: 'refuse',
};

/**
 * Whether an amount fits a decision: all that was claimed, some of it, or none.
 *
 * @units fen
 */
export function fitsOutcome(outcome: CaseOutcome, claimed: Fen, granted: Fen): boolean {
  switch (outcome) {
    case 'granted':
      return granted === claimed;
    case 'grantedInPart':
      return granted > 0 && granted < claimed;
    case 'refused':
      return granted === 0;
  }
}
