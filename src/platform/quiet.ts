/** A promise whose failure is heard by whoever awaits it, and is no accident until then. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
