/** One field that is wrong, by its JSON path from the root of the input. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** What an error carries beside its message. */
export interface AppErrorOptions {
  readonly status: number;
  readonly retryable?: boolean;
  /** What the caller can do about it. */
  readonly help?: string;
  readonly fields?: readonly FieldProblem[];
  /** Further members of the problem document; never personal data. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The world failed, or was asked something it must refuse: one currency from the database edge to the HTTP handler. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly help: string | undefined;
  readonly fields: readonly FieldProblem[];
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: AppErrorOptions) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.help = options.help;
    this.fields = options.fields ?? [];
    this.extra = options.extra ?? {};
  }
}

/** Bad input: every bad field at once, nothing changed. */
export function invalidInput(fields: readonly FieldProblem[], message = 'the request has bad fields'): AppError {
  return new AppError('INVALID_INPUT', message, {
    status: 400,
    fields,
    help: 'correct the fields named and send the request again',
  });
}

/** Nothing there, or nothing that the caller may see. */
export function notFound(what: string): AppError {
  return new AppError('NOT_FOUND', `${what} not found`, { status: 404 });
}
