/** A lawful no to something that somebody wants to do: a stable code, and why in a sentence. */
export interface Refusal {
  readonly refused: string;
  readonly why: string;
}

/** Says no. */
export function refuse(refused: string, why: string): Refusal {
  return { refused, why };
}

/** Whether something was refused. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
