import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';

/** What one county owes another, gross, for a window. */
export interface Owed {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly amount: Fen;
}

/** What is left between two counties after setting off both directions; `amount` ≥ 0 goes from `payer` to `payee`. */
export interface BilateralNet {
  readonly payer: string;
  readonly payee: string;
  readonly amount: Fen;
}

/** A county's place after all: what it gets less what it owes. */
export interface MultilateralNet {
  readonly region: string;
  readonly receivable: Fen;
  readonly payable: Fen;
  /** receivable − payable */
  readonly net: Fen;
}

/** One payment that, with the others, settles all positions. */
export interface Transfer {
  readonly payer: string;
  readonly payee: string;
  readonly amount: Fen;
}

/**
 * Adds up what each county owes each other one. What a county spends at home is owed to nobody.
 *
 * @shape amounts by pair, several a pair → one a pair, in order of first appearance
 * @units fen
 */
export function owedByPair(owed: readonly Owed[]): Owed[] {
  const pairs = new Map<string, Owed>();
  for (const { homeRegion, treatmentRegion, amount } of owed) {
    if (homeRegion === treatmentRegion) continue;
    const key = keyOf(homeRegion, treatmentRegion);
    const known = pairs.get(key)?.amount ?? 0;
    pairs.set(key, { homeRegion, treatmentRegion, amount: known + amount });
  }
  return [...pairs.values()];
}

function keyOf(homeRegion: string, treatmentRegion: string): string {
  return `${homeRegion} ${treatmentRegion}`;
}

/**
 * Sets off what two counties owe each other. A negative gross (more reversed than settled) turns round.
 *
 * @shape gross by pair → one net a pair of counties with business, payer and payee by sign, sorted
 * @units fen
 * @source design §9
 */
export function bilateralNets(owed: readonly Owed[]): BilateralNet[] {
  const pairs = owedByPair(owed);
  const amounts = new Map(pairs.map((pair) => [keyOf(pair.homeRegion, pair.treatmentRegion), pair.amount]));
  const done = new Set<string>();
  const nets: BilateralNet[] = [];
  for (const { homeRegion, treatmentRegion } of pairs) {
    const [first, second] =
      homeRegion < treatmentRegion ? [homeRegion, treatmentRegion] : [treatmentRegion, homeRegion];
    if (done.has(keyOf(first, second))) continue;
    done.add(keyOf(first, second));
    const forth = amounts.get(keyOf(first, second)) ?? 0;
    const back = amounts.get(keyOf(second, first)) ?? 0;
    const net = forth - back;
    nets.push(net >= 0 ? { payer: first, payee: second, amount: net } : { payer: second, payee: first, amount: -net });
  }
  return nets.sort((left, right) => (left.payer + left.payee < right.payer + right.payee ? -1 : 1));
}

/**
 * What each county gets or pays in all.
 *
 * @shape gross by pair, all regions → one position a region; Σ net = 0
 * @units fen
 */
export function multilateralNets(owed: readonly Owed[], regions: readonly string[]): MultilateralNet[] {
  const positions = new Map(regions.map((region) => [region, { receivable: 0, payable: 0 }]));
  const at = (region: string): { receivable: Fen; payable: Fen } => {
    const position = positions.get(region) ?? { receivable: 0, payable: 0 };
    positions.set(region, position);
    return position;
  };
  for (const { homeRegion, treatmentRegion, amount } of owedByPair(owed)) {
    at(homeRegion).payable += amount;
    at(treatmentRegion).receivable += amount;
  }
  const nets = [...positions].map(([region, { receivable, payable }]) => ({
    region,
    receivable,
    payable,
    net: receivable - payable,
  }));
  invariant(nets.reduce((sum, { net }) => sum + net, 0) === 0, 'what some counties get, others pay');
  return nets.sort((left, right) => (left.region < right.region ? -1 : 1));
}

/**
 * Few payments that settle all positions: the largest payer pays the largest payee until one of them is done.
 *
 * @shape positions → at most one transfer fewer than regions with a position
 * @units fen
 */
export function transfersFor(nets: readonly MultilateralNet[]): Transfer[] {
  const left = nets.map(({ region, net }) => ({ region, net })).filter(({ net }) => net !== 0);
  const transfers: Transfer[] = [];
  while (left.some(({ net }) => net !== 0)) {
    left.sort((one, other) => one.net - other.net || (one.region < other.region ? -1 : 1));
    const payer = left[0];
    const payee = left.at(-1);
    invariant(payer !== undefined && payee !== undefined && payer.net < 0 && payee.net > 0, 'positions add up to 0');
    const amount = Math.min(-payer.net, payee.net);
    payer.net += amount;
    payee.net -= amount;
    transfers.push({ payer: payer.region, payee: payee.region, amount });
  }
  return transfers;
}
