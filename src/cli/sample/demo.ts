import { join } from 'node:path';
import type { County, Institution, Principal } from '../../app/ports.ts';
import type { Environment } from '../../config/environment.ts';
import { loadInstitutions } from '../../config/load-institutions.ts';
import { compileRegions, type Region } from '../../config/load-regions.ts';
import { readYaml } from '../../config/yaml-file.ts';
import { openDatabase } from '../../db/open-database.ts';
import { AppError } from '../../platform/errors.ts';
import { startFundServer, type FundServer } from '../../simulators/fund-server.ts';
import { enrolMembers } from './enrol-members.ts';
import { ensureKeys, keyFileOf, type IssuedKey } from '../ensure-keys.ts';
import { createProgress } from '../progress.ts';
import { loadSample, type LoadedSample, type SampleTarget } from './sample-load.ts';
import { readFigures, reportLines, type SampleFigures } from './sample-report.ts';

/** A service in this process that answers and works; main.ts starts it. */
export interface DemoService extends Omit<SampleTarget, 'url'> {
  readonly url: string | undefined;
  stop(): Promise<void>;
}

/** A demo that is up. */
export interface RunningDemo {
  readonly url: string;
  readonly sample: LoadedSample;
  readonly figures: SampleFigures;
  readonly keys: readonly IssuedKey[];
  stop(): Promise<void>;
}

/** Who gets a key at the first start. */
function principalsOf(institutions: readonly Institution[], regions: readonly Region[]): Principal[] {
  return [
    ...institutions.flatMap(({ id }): Principal[] => [
      { kind: 'institution', id },
      { kind: 'display', id },
    ]),
    ...regions.flatMap(({ code }): Principal[] => [
      { kind: 'fund', id: code },
      { kind: 'clerk', id: `maker-${code}`, region: code },
      { kind: 'clerk', id: `checker-${code}`, region: code },
    ]),
    { kind: 'operator', id: 'operator' },
  ];
}

function badConfig(
  errors: readonly { readonly file: string; readonly path: string; readonly reason: string }[],
): AppError {
  const words = errors.map(({ file, path, reason }) => `${file}: ${path} ${reason}`).join('\n');
  return new AppError('BAD_RULES', words, { status: 500, help: 'tongjie policy check says the same' });
}

/** Makes the keys before anything is served, because a service reads them when it starts. */
async function prepareKeys({ configDir, dataDir, databaseUrl }: Environment) {
  const yaml = readYaml(join(configDir, 'regions', 'regions.yaml'));
  const rules = compileRegions(yaml);
  if (rules === undefined || !yaml.errors.none) throw badConfig(yaml.errors.found);
  const loaded = loadInstitutions(configDir, rules.regions);
  if (!loaded.ok) throw badConfig(loaded.errors);
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    await database.migrate();
    const principals = principalsOf(loaded.institutions, rules.regions);
    return { regions: rules.regions, keys: await ensureKeys(dataDir, principals, database.keyStore) };
  } finally {
    await database.close();
  }
}

function addressLines(
  url: string,
  { institutions, rules }: DemoService,
  keys: readonly IssuedKey[],
  funds: ReadonlyMap<string, FundServer>,
  dataDir: string,
): string[] {
  const counters = rules.regions.flatMap(({ code, name, nameEn }: County) => {
    const hospital = [...institutions.values()].find((one) => one.region === code && one.kind === 'hospital');
    const key = keys.find(({ kind, id }) => kind === 'display' && id === hospital?.id)?.key;
    if (hospital === undefined || key === undefined) return [];
    return [`  ${name} ${nameEn}: ${url}/counter/${hospital.id}?token=${key}`];
  });
  return [
    `接口文档 API           ${url}/docs`,
    '窗口屏 Counter displays',
    ...counters,
    '基金系统 Fund simulators',
    ...rules.regions.map(({ code, name, nameEn }) => `  ${name} ${nameEn}: ${funds.get(code)?.url ?? ''}/state`),
    `密钥 Sign-in keys       ${keyFileOf(dataDir)}`,
    '',
    'Ctrl-C stops. 演示参数含示意值,不代表实际待遇 / Some values of law are illustrative: no actual entitlement.',
  ];
}

/**
 * What `npm start` shows: the service, three fund systems and a sample day, in one process that stays up. A second start
 * finds its data; one that was cut short is completed.
 *
 * @throws AppError BAD_RULES, BAD_KEY_FILE, BAD_SAMPLE_DATA, and what starting throws
 */
export async function runDemo(
  environment: Environment,
  start: (environment: Environment, simulators: ReadonlyMap<string, FundServer>) => Promise<DemoService>,
): Promise<RunningDemo> {
  const { dataDir, configDir } = environment;
  console.log('Tongjie 通结\n');
  const { regions, keys } = await prepareKeys(environment);
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of running.splice(0).reverse()) await one.stop();
  };
  try {
    const funds = new Map<string, FundServer>();
    for (const { code } of regions) {
      const fund = await startFundServer({ name: code });
      running.push(fund);
      funds.set(code, fund);
    }
    const fundUrls = new Map(Array.from(funds, ([code, fund]) => [code, fund.url]));
    // The log of every request would run through the table.
    const logLevel = environment.logLevel === 'info' ? 'warn' : environment.logLevel;
    const service = await start({ ...environment, fundUrls, logLevel }, funds);
    running.push(service);
    const { url } = service;
    if (url === undefined) throw new AppError('NOT_SERVING', 'the demo needs a service that answers', { status: 500 });

    const sample = await loadSample({ ...service, url }, configDir, keys, createProgress(process.stdout.isTTY));
    const { personStore: persons, copyStore: copies } = service.database;
    for (const [code, { members }] of funds) {
      await enrolMembers({ persons, copies, rulebook: service.rules.rulebook }, code, members);
    }
    const figures = await readFigures(service.database, sample.windowId);
    console.log(reportLines(sample, figures, service.rules.regions).join('\n'));
    console.log(`\n${addressLines(url, service, keys, funds, dataDir).join('\n')}`);
    return { url, sample, figures, keys, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
