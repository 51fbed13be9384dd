/** The writer's queue is full: back-pressure, not a fault. */
export class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}

/**
 * The database cannot be reached, or the commit failed. Nothing of the step is stored, unless the message says that
 * this is not known: then recovery settles it, as it settles a crash.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The service is not ready. The message says why, to anybody who asks. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/** The signer cannot work now, and the same request may succeed later. */
export class SignerUnavailableError extends Error {
  override readonly name = 'SignerUnavailableError';
}

/** Signatures can be neither made nor verified now, and the same request may succeed later. */
export class SignaturesUnavailableError extends Error {
  override readonly name = 'SignaturesUnavailableError';
}

/** Too many uploads wait to be inspected: back-pressure, not a fault. */
export class InspectionBusyError extends Error {
  override readonly name = 'InspectionBusyError';
}

/** Too many drafts of policies are being worked on: back-pressure, not a fault. */
export class PoliciesBusyError extends Error {
  override readonly name = 'PoliciesBusyError';
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** A list's `cursor` is not one that this service gave out. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}
