import { readFileSync } from 'node:fs';

/** The engine's version, as both contracts name it. */
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
