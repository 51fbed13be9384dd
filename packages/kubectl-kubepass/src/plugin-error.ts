/** Ends a command with a sentence for people, and exit code 1. `more`: lines behind it. */
export class PluginError extends Error {
  override readonly name: string = 'PluginError';
  readonly more: readonly string[];
  constructor(message: string, { more = [], ...options }: ErrorOptions & { readonly more?: readonly string[] } = {}) {
    super(message, options);
    this.more = more;
  }
}

/** The command line cannot be understood: exit code 2. */
export class CommandLineError extends PluginError {
  override readonly name = 'CommandLineError';
}

/** The command line is good, and a file that it names is not. */
export class UnusableFileError extends PluginError {
  override readonly name = 'UnusableFileError';
}

/** kubepass said no: asking again changes nothing before a person has done something. */
export class RefusedError extends PluginError {
  override readonly name = 'RefusedError';
  constructor(
    message: string,
    /**
     * `revoked`: the certificate is. `ended`: it is too late for a renewal, so that only a sign-in helps. `absent`:
     * there is no such thing, or none that the caller may see.
     */
    readonly why: 'revoked' | 'ended' | 'unauthenticated' | 'absent' | 'refused' = 'refused',
    /** The time at kubepass, in milliseconds since 1970; null: unknown. */
    readonly serverTime: number | null = null,
    more: readonly string[] = [],
  ) {
    super(message, { more });
  }
}

/** kubepass could not be asked, or could not answer: network, 5xx, 429. It may work later. */
export class UnavailableError extends PluginError {
  override readonly name: string = 'UnavailableError';
}

/** Something else answers in the place of kubepass: a proxy, a sign-in page, a gateway without a backend. */
export class ForeignAnswerError extends UnavailableError {
  override readonly name = 'ForeignAnswerError';
  constructor(server: string, what: string) {
    super(
      `${server} does not answer as kubepass does (${what}): a proxy or a sign-in page of the network may stand between`,
    );
  }
}

/** kubepass said no to this ask, and may say yes to a later one: time alone changes that. */
export class TooEarlyError extends UnavailableError {
  override readonly name = 'TooEarlyError';
}
