/** Why an input is not accepted: a stable TitleCase reason, and a sentence for the sender. */
export interface InputRefusal<Reason extends string> {
  readonly reason: Reason;
  readonly message: string;
}

export interface RefusedInput<Reason extends string> {
  readonly ok: false;
  readonly refusal: InputRefusal<Reason>;
}

/** Makes a refusal. A long message is cut, because it may quote the input. */
export function refuse<Reason extends string>(reason: Reason, message: string): RefusedInput<Reason> {
  return { ok: false, refusal: { reason, message: message.length > MAX_MESSAGE ? shorten(message) : message } };
}

const MAX_MESSAGE = 300;

const shorten = (message: string): string =>
  `${Array.from(message)
    .slice(0, MAX_MESSAGE - 1)
    .join('')}…`;
