import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addReconcileCommand } from '../../src/cli/reconcile-command.ts';
import { openCommandLine, TODAY, YESTERDAY, type CommandLine } from '../support/command-line.ts';
import { chsText, csvText, lineFor } from '../support/reconciliation-day.ts';
import { needFor, sampleSettlement, writing } from '../support/settlement-samples.ts';

const HOSPITAL = 'H31011800001';

describe('tongjie reconcile', () => {
  let line: CommandLine;
  let settled: ReturnType<typeof sampleSettlement>[];

  beforeEach(async () => {
    line = await openCommandLine(addReconcileCommand);
    settled = [1, 2, 3].map(() => sampleSettlement({ windowId: 1 }));
    await line.database.settlementStore.transact(
      needFor(['p1']),
      writing(() => settled),
    );
    await line.database.clearingStore.closeWindow(YESTERDAY, TODAY, 1);
  });

  afterEach(async () => {
    process.exitCode = 0;
    await line.close();
  });

  function run(name: string, content: string, ...words: string[]): Promise<string> {
    const path = join(line.dataDir, name);
    writeFileSync(path, content);
    return line.run('reconcile', path, '--date', YESTERDAY, ...words);
  }

  const lines = () => settled.map(({ row }) => lineFor(row));

  it('prints totals and what differs', async () => {
    const [first, second] = lines();
    const content = chsText([first!, { ...second!, total: second!.total + 1 }]);
    const out = await run('day.txt', content, '--institution', HOSPITAL);
    expect(out).toMatch(/run 1: matched, 2 lines, 2 differences/);
    expect(out).toMatch(/ours +3 +0 +370\.35 +225\.00 +60\.00/);
    expect(out).toMatch(/file +2 +0 +246\.91 +150\.00 +40\.00/);
    expect(out).toMatch(/ {2}amount: 1\n {2}missingThere: 1$/);
  });

  it('prints the same as JSON, and knows the file again', async () => {
    const content = csvText(lines(), { source: 'fund', party: '320509', businessDate: YESTERDAY });
    const once = await run('fund.csv', content, '--fund', '320509', '--json');
    expect(JSON.parse(once)).toMatchObject({ runId: 1, state: 'matched', lines: 3, result: 'equal', differences: 0 });
    expect(await run('renamed.csv', content, '--fund', '320509', '--json')).toBe(once);
  });

  it('says by line and column what is wrong, and fails', async () => {
    const content = chsText(lines()).replace('123.45', '123.456');
    expect(await run('day.txt', content, '--institution', HOSPITAL)).toMatch(
      /refused[^]*line 1, column 4 medfee_sumamt: has more than two decimals/,
    );
    expect(process.exitCode).toBe(1);
  });

  it('takes files of several parties, whose they are in their order', async () => {
    const [one, two] = ['H31011800001', 'H33042100001'];
    const paths = [chsText(lines()), ''].map((content, at) => {
      const path = join(line.dataDir, `${at}.txt`);
      writeFileSync(path, content);
      return path;
    });
    const words = (...parties: string[]) => [
      ...['reconcile', ...paths, '--date', YESTERDAY],
      ...parties.flatMap((party) => ['--institution', party]),
    ];
    const out = await line.run(...words(one, two));
    expect(out).toMatch(/run 1: matched, 3 lines, 0 differences[^]*run 2: matched, 0 lines, 0 differences/);
    const told = JSON.parse(await line.run(...words(one, two), '--json')) as object[];
    expect(told).toMatchObject([
      { runId: 1, lines: 3, result: 'equal' },
      { runId: 2, lines: 0, result: 'equal' },
    ]);
    await expect(line.run(...words(one, one))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(line.run(...words(one))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('refuses a party that is none, both or neither, a day that is open, and a file that is not there', async () => {
    const refused = async (...words: string[]) => run('day.txt', '', ...words);
    await expect(refused('--institution', 'H99999999999')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(refused('--fund', '999999')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(refused()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(refused('--fund', '320509', '--institution', HOSPITAL)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(refused('--fund', '320509', '--date', TODAY)).rejects.toMatchObject({ code: 'PERIOD_OPEN' });
    await expect(refused('--fund', '320509', '--date', '2026-02-30')).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
    const nowhere = ['reconcile', join(line.dataDir, 'none'), '--date', YESTERDAY, '--fund', '320509'];
    await expect(line.run(...nowhere)).rejects.toMatchObject({ code: 'NO_SUCH_FILE' });
  });
});
