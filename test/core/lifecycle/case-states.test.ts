import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CASE_FORMS, type CaseForm } from '../../../src/core/casework/terms.ts';
import {
  actingSide,
  CASE_ACTIONS,
  CASE_OUTCOMES,
  CASE_STATES,
  DECISION_ACTIONS,
  fitsOutcome,
  moveCase,
  possibleActions,
  type CaseAction,
  type CaseSide,
  type CaseStanding,
  type CaseState,
} from '../../../src/core/lifecycle/case-states.ts';

const SIDES: readonly CaseSide[] = ['opening', 'deciding', 'engine'];
const DECISIONS = new Set<CaseAction>(Object.values(DECISION_ACTIONS));

/**
 * The same law written the other way round, by hand: who may do what in which state. An entry ends in `*` where it needs
 * the authorised form, in `$` where something must be granted, in `0` where nothing may be.
 */
const LAW: Readonly<Record<CaseState, Partial<Record<CaseSide, string>>>> = {
  opened: { opening: 'wantMaterials complete withdraw addMaterial verify unverify', engine: 'withdraw' },
  materialsWanted: { opening: 'complete withdraw addMaterial verify unverify', engine: 'withdraw' },
  materialsComplete: {
    opening: 'wantMaterials forward accept* withdraw addMaterial verify unverify',
    engine: 'withdraw',
  },
  forwarded: { opening: 'accept* withdraw', deciding: 'accept return addMaterial verify unverify', engine: 'withdraw' },
  accepted: {
    opening: 'withdraw',
    deciding: 'askMore grant grantInPart refuse addMaterial verify unverify',
    engine: 'withdraw',
  },
  moreAsked: { opening: 'supply withdraw addMaterial verify unverify', engine: 'withdraw' },
  granted: { opening: 'close0', deciding: 'pay$' },
  grantedInPart: { deciding: 'pay$' },
  refused: { deciding: 'return' },
  paid: { opening: 'close' },
  returned: { opening: 'close' },
  closed: {},
  withdrawn: {},
};

function lawful({ state, form, granted }: CaseStanding, side: CaseSide): Set<string> {
  const entries = (LAW[state][side] ?? '').split(' ').filter((entry) => entry !== '');
  const holds = (entry: string) =>
    (!entry.endsWith('*') || form === 'authorised') &&
    (!entry.endsWith('$') || granted > 0) &&
    (!entry.endsWith('0') || granted === 0);
  return new Set(entries.filter(holds).map((entry) => entry.replace(/[*$0]$/, '')));
}

const standing = fc.record({
  state: fc.constantFrom(...CASE_STATES),
  form: fc.constantFrom(...CASE_FORMS),
  granted: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000 })),
});

describe('one step of a case', () => {
  it('is what the law says, for every state, form, action and side', () => {
    fc.assert(
      fc.property(standing, fc.constantFrom(...CASE_ACTIONS), fc.constantFrom(...SIDES), (at, action, side) => {
        const move = moveCase(at, action, [side]);
        expect(move.ok).toBe(lawful(at, side).has(action));
        if (move.ok) expect(move.side).toBe(side);
      }),
      { numRuns: 3000 },
    );
  });

  it('is refused as another side’s, or as out of time', () => {
    const at = (state: CaseState): CaseStanding => ({ state, form: 'collectedOnBehalf', granted: 0 });
    const refusal = (state: CaseState, action: CaseAction, sides: readonly CaseSide[]) => {
      const move = moveCase(at(state), action, sides);
      return move.ok ? undefined : move.refusal;
    };
    expect(refusal('forwarded', 'accept', ['opening'])).toBe('wrongSide');
    expect(refusal('opened', 'accept', ['deciding'])).toBe('wrongState');
    expect(refusal('opened', 'grant', ['opening'])).toBe('wrongSide');
    expect(refusal('closed', 'grant', ['deciding'])).toBe('wrongState');
    expect(refusal('opened', 'complete', [])).toBe('wrongSide');
  });

  it('is open to a county that is both sides, as the one whose step it is', () => {
    const both: readonly CaseSide[] = ['opening', 'deciding'];
    const granted = { state: 'accepted', form: 'collectedOnBehalf', granted: 0 } as const;
    expect(moveCase(granted, 'grant', both)).toEqual({ ok: true, to: 'granted', side: 'deciding' });
    expect(moveCase(granted, 'withdraw', both)).toMatchObject({ side: 'opening' });
  });
});

/** A real case, grown by the machine, beside a model that only counts. */
class Life {
  standing: CaseStanding;
  readonly taken: { action: CaseAction; from: CaseState; to: CaseState }[] = [];
  constructor(form: CaseForm) {
    this.standing = { state: 'opened', form, granted: 0 };
  }
}

interface Model {
  decisions: number;
  payments: number;
}

class Act implements fc.Command<Model, Life> {
  readonly action: CaseAction;
  readonly side: CaseSide;
  readonly amount: number;

  constructor(action: CaseAction, side: CaseSide, amount: number) {
    this.action = action;
    this.side = side;
    this.amount = amount;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, life: Life): void {
    const from = life.standing.state;
    const move = moveCase(life.standing, this.action, [this.side]);
    expect(move.ok).toBe(possibleActions(life.standing, [this.side]).includes(this.action));
    if (!move.ok) return;
    const isDecision = DECISIONS.has(this.action);
    if (isDecision) model.decisions += 1;
    if (this.action === 'pay') model.payments += 1;
    const granted = isDecision && this.action !== 'refuse' ? this.amount : life.standing.granted;
    life.standing = { ...life.standing, state: move.to, granted };
    life.taken.push({ action: this.action, from, to: move.to });

    expect(model.decisions).toBeLessThanOrEqual(1);
    expect(model.payments).toBeLessThanOrEqual(1);
    if (model.payments > 0) expect(life.standing.granted).toBeGreaterThan(0);
    const isOver = move.to === 'closed' || move.to === 'withdrawn';
    expect(actingSide(life.standing) === undefined).toBe(isOver);
    if (isOver) for (const side of SIDES) expect(possibleActions(life.standing, [side])).toEqual([]);
    // Whose turn it is can do something that moves the case.
    else expect(this.#moves(life.standing)).toBe(true);
  }

  #moves(at: CaseStanding): boolean {
    const side = actingSide(at);
    const moved = possibleActions(at, side === undefined ? [] : [side]).map((action) => moveCase(at, action, [side!]));
    return moved.some((move) => move.ok && move.to !== at.state);
  }

  toString(): string {
    return `${this.side} ${this.action}`;
  }
}

describe('the life of a case', () => {
  it('is decided at most once, paid at most once, never stuck, and its history is a chain', () => {
    const act = fc
      .tuple(fc.constantFrom(...CASE_ACTIONS), fc.constantFrom(...SIDES), fc.constantFrom(0, 1, 500))
      .map(([action, side, amount]) => new Act(action, side, action === 'grantInPart' ? amount + 1 : amount));
    fc.assert(
      fc.property(
        fc.constantFrom(...CASE_FORMS),
        fc.commands([act], { maxCommands: 60, size: 'max' }),
        (form, acts) => {
          const life = new Life(form);
          fc.modelRun(() => ({ model: { decisions: 0, payments: 0 }, real: life }), acts);
          let at: CaseState = 'opened';
          for (const { from, to } of life.taken) {
            expect(from).toBe(at);
            at = to;
          }
          expect(at).toBe(life.standing.state);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('can come to every state', () => {
    const reached = new Set<CaseState>(['opened']);
    for (const state of reached) {
      for (const granted of [0, 1]) {
        for (const action of CASE_ACTIONS) {
          const move = moveCase({ state, form: 'collectedOnBehalf', granted }, action, SIDES);
          if (move.ok) reached.add(move.to);
        }
      }
    }
    expect([...reached].sort()).toEqual([...CASE_STATES].sort());
  });
});

describe('a decision', () => {
  it('fits one outcome only, or none', () => {
    const fen = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(fen, fen, (claimed, granted) => {
        const fitting = CASE_OUTCOMES.filter((outcome) => fitsOutcome(outcome, claimed, granted));
        if (granted > claimed) expect(fitting).toEqual([]);
        // Where nothing is claimed in money, 0 is both all and nothing.
        else if (claimed === 0) expect(fitting).toEqual(['granted', 'refused']);
        else expect(fitting).toHaveLength(1);
      }),
    );
  });
});
