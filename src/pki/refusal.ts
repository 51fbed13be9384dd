/** Why an input is not accepted: a stable TitleCase reason, and a sentence for whoever sent it. */
export interface Refusal<Reason extends string> {
  readonly reason: Reason;
  readonly message: string;
}

export interface Refused<Reason extends string> {
  readonly ok: false;
  readonly refusal: Refusal<Reason>;
}

export function refuse<Reason extends string>(reason: Reason, message: string): Refused<Reason> {
  return { ok: false, refusal: { reason, message } };
}
