import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/config/environment.ts';
import { start } from '../src/main.ts';
import { configFolder, TWO_REGIONS } from './support/config-folder.ts';

describe('a start', () => {
  it('is refused without any policy, before there is a database', async () => {
    const configDir = configFolder({ 'regions/regions.yaml': TWO_REGIONS });
    const dataDir = join(configDir, 'data');
    const environment = readEnvironment({ CONFIG_DIR: configDir, DATA_DIR: dataDir });
    await expect(start({ environment, serve: false, work: false })).rejects.toMatchObject({
      code: 'BAD_RULES',
      message: expect.stringContaining(`${configDir}: has no policies/<region>/<scheme>/*.yaml`) as string,
    });
    expect(existsSync(dataDir)).toBe(false);
  });
});
