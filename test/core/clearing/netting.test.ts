import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bilateralNets, multilateralNets, transfersFor, type Owed } from '../../../src/core/clearing/netting.ts';

const REGIONS = ['310118', '320509', '330421', '330402', '999999'];

const region = fc.constantFrom(...REGIONS);
// Negative where more was reversed than settled; the same pair may come several times, and a county owes itself nothing.
const gross: fc.Arbitrary<Owed[]> = fc.array(
  fc.record({
    homeRegion: region,
    treatmentRegion: region,
    amount: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -1e12, max: 1e12 }), fc.constant(0)),
  }),
  { maxLength: 40 },
);

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** What a region gets less what it pays, by payments. */
function balance(region: string, payments: readonly { payer: string; payee: string; amount: number }[]): number {
  const got = payments.filter(({ payee }) => payee === region).map(({ amount }) => amount);
  const paid = payments.filter(({ payer }) => payer === region).map(({ amount }) => amount);
  return sum(got) - sum(paid);
}

describe('netting', () => {
  it('works out a day of three counties by hand', () => {
    const owed = [
      { homeRegion: '310118', treatmentRegion: '330421', amount: 10_000 },
      { homeRegion: '330421', treatmentRegion: '310118', amount: 4_000 },
      { homeRegion: '320509', treatmentRegion: '330421', amount: 2_500 },
      { homeRegion: '330421', treatmentRegion: '330421', amount: 77_777 },
      { homeRegion: '310118', treatmentRegion: '320509', amount: -300 },
    ];
    expect(bilateralNets(owed)).toEqual([
      { payer: '310118', payee: '330421', amount: 6_000 },
      { payer: '320509', payee: '310118', amount: 300 },
      { payer: '320509', payee: '330421', amount: 2_500 },
    ]);
    const nets = multilateralNets(owed, ['310118', '320509', '330421', '330402']);
    expect(nets).toEqual([
      { region: '310118', receivable: 4_000, payable: 9_700, net: -5_700 },
      { region: '320509', receivable: -300, payable: 2_500, net: -2_800 },
      { region: '330402', receivable: 0, payable: 0, net: 0 },
      { region: '330421', receivable: 12_500, payable: 4_000, net: 8_500 },
    ]);
    expect(transfersFor(nets)).toEqual([
      { payer: '310118', payee: '330421', amount: 5_700 },
      { payer: '320509', payee: '330421', amount: 2_800 },
    ]);
  });

  it('gives to some what it takes from others', () => {
    fc.assert(
      fc.property(gross, (owed) => {
        expect(sum(multilateralNets(owed, []).map(({ net }) => net))).toBe(0);
      }),
    );
  });

  it('comes to the same position through pairs as through all at once', () => {
    fc.assert(
      fc.property(gross, (owed) => {
        const bilateral = bilateralNets(owed);
        for (const { region, net } of multilateralNets(owed, REGIONS)) expect(balance(region, bilateral)).toBe(net);
        expect(bilateral.every(({ amount, payer, payee }) => amount >= 0 && payer !== payee)).toBe(true);
      }),
    );
  });

  it('settles every position with fewer transfers than there are positions', () => {
    fc.assert(
      fc.property(gross, (owed) => {
        const nets = multilateralNets(owed, REGIONS);
        const transfers = transfersFor(nets);
        for (const { region, net } of nets) expect(balance(region, transfers)).toBe(net);
        expect(transfers.every(({ amount }) => amount > 0)).toBe(true);
        const positions = nets.filter(({ net }) => net !== 0).length;
        expect(transfers.length).toBeLessThanOrEqual(Math.max(0, positions - 1));
      }),
    );
  });

  it('does not mind the order', () => {
    const shuffled = gross.chain((owed) =>
      fc.tuple(fc.constant(owed), fc.shuffledSubarray(owed, { minLength: owed.length })),
    );
    fc.assert(
      fc.property(shuffled, ([owed, other]) => {
        expect(bilateralNets(other)).toEqual(bilateralNets(owed));
        const nets = multilateralNets(owed, REGIONS);
        expect(multilateralNets(other, [...REGIONS].reverse())).toEqual(nets);
        expect(transfersFor([...nets].reverse())).toEqual(transfersFor(nets));
      }),
    );
  });
});
