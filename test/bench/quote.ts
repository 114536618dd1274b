import { loadRow, measureLoad, refuseFailures, type MeasuredLoad } from './measured-load.ts';
import { median, type Report, type Row } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { bestOf, startSettling } from './settle.ts';
import { startWorld } from './world.ts';

/** Quoting over HTTP: closed loops as for settling, then by turns with settling at the best of them. */
export async function benchQuote(context: BenchContext): Promise<Report> {
  const { clients, seconds, alternations, engine } = context.options;
  const world = await startWorld(context);
  try {
    const settling = await startSettling(world);
    const quote = async (label: string, count: number): Promise<MeasuredLoad> => {
      context.say(`quote, ${label}`);
      const load = await measureLoad(world, { path: '/v1/quotes', loop: { clients: count }, seconds });
      refuseFailures(label, load);
      return load;
    };
    await quote('warm-up', 32);
    const rows: Row[] = [];
    const closed: { clients: number; load: MeasuredLoad }[] = [];
    for (const count of clients) {
      const label = `${count} clients`;
      const load = await quote(label, count);
      closed.push({ clients: count, load });
      rows.push(loadRow(label, load));
    }
    const best = bestOf(closed).clients;
    const quotes: MeasuredLoad[] = [];
    const settlements: MeasuredLoad[] = [];
    for (let turn = 1; turn <= Math.max(1, alternations); turn++) {
      quotes.push(await quote(`turn ${turn}`, best));
      settlements.push(await settling.run(`turn ${turn}`, { clients: best }, seconds));
    }
    const middle = (loads: readonly MeasuredLoad[]): number => median(loads.map(({ perSecond }) => perSecond));
    const [quoted, settled] = [middle(quotes), middle(settlements)];
    const checks = await settling.check();
    return {
      scenario: `quote over HTTP, ten lines a bill (${engine})`,
      rows,
      notes: [
        `medians of ${quotes.length} turns at ${best} clients: quote ${Math.round(quoted)}/s, settle ${Math.round(settled)}/s, ratio ${(quoted / settled).toFixed(2)}`,
        'valid: every quote was answered 200, and nothing but what was settled is in the database',
        ...checks,
      ],
      figures: { closed, quotes, settlements },
    };
  } finally {
    await world.stop();
  }
}
