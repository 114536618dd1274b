import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../app/ports.ts';
import { AppError } from '../platform/errors.ts';

/** SHA-256 of a key, the only form in which one is kept. */
export function keyHashOf(key: string): string {
  // One shot: a hash object a request would cost tens of microseconds in native handles.
  return hash('sha256', key);
}

/** Answers who presents a key, from the hashes of all keys. */
export function createAuthenticator(
  keys: Iterable<{ readonly keyHash: string; readonly principal: Principal }>,
): (key: string) => Principal | undefined {
  const principals = new Map(Array.from(keys, ({ keyHash, principal }) => [keyHash, principal]));
  return (key) => principals.get(keyHashOf(key));
}

const BEARER = /^Bearer +(\S+)$/i;

function unauthenticated(message: string): AppError {
  return new AppError('UNAUTHENTICATED', message, {
    status: 401,
    help: 'send the key you were given as "Authorization: Bearer <key>"',
  });
}

/**
 * Finds out who calls.
 *
 * @throws AppError UNAUTHENTICATED when there is no key, or none that we know
 */
export function callerOf(
  { headers }: IncomingMessage,
  authenticate: (key: string) => Principal | undefined,
  token?: string,
): Principal {
  const key = token ?? BEARER.exec(headers.authorization ?? '')?.[1];
  if (key === undefined) throw unauthenticated('no key was presented');
  const principal = authenticate(key);
  if (principal === undefined) throw unauthenticated('the key is not known');
  return principal;
}

/**
 * Holds a caller against those who may ask.
 *
 * @throws AppError FORBIDDEN
 */
export function requireKind({ kind }: Principal, callers: readonly Principal['kind'][]): void {
  if (callers.includes(kind)) return;
  throw new AppError('FORBIDDEN', `not for callers of kind ${kind}`, {
    status: 403,
    help: `this is for callers of kind ${callers.join(' or ')}`,
  });
}
