import type { KeyStore, Principal } from '../app/ports.ts';
import { createAuthenticator } from './authenticate.ts';
import type { Log } from './deps.ts';

const KEYS_REFRESH_MS = 30_000;

/** Who presents a key, as the store had it not long ago. */
export interface WatchedKeys {
  authenticate(key: string): Principal | undefined;
  stop(): void;
}

/** Knows who presents a key; keys that are given out later are known within {@link KEYS_REFRESH_MS}. */
export async function watchKeys(store: Pick<KeyStore, 'all'>, log: Log): Promise<WatchedKeys> {
  let authenticate = createAuthenticator(await store.all());
  const refresh = (): void => {
    store.all().then(
      (keys) => (authenticate = createAuthenticator(keys)),
      (error: unknown) => {
        log.warn({ err: error }, 'keys could not be read again; those known stay valid');
      },
    );
  };
  const timer = setInterval(refresh, KEYS_REFRESH_MS).unref();
  return {
    authenticate: (key: string) => authenticate(key),
    stop() {
      clearInterval(timer);
    },
  };
}
