/** Whom the attackers attack, and with what. */
export interface AttackTarget {
  readonly origin: string;
  /** PEM: the CA of the service's certificate. */
  readonly ca: string;
  readonly cluster: string;
  /** A part of the names of the attacks that are made; empty: all. */
  readonly only: string;
  readonly tokens: Readonly<Record<'requester' | 'auditor' | 'connector' | 'reviewer', string>>;
  /** Certificates, each with its key (PEM). */
  readonly held: readonly { readonly fingerprint: string; readonly key: string; readonly username: string }[];
  /** The ids of a user and of a group of the directory. */
  readonly directory: Readonly<Record<'Users' | 'Groups', string>>;
}

/** An order of the parent. The attackers answer each order to stop with a report of everything so far. */
export interface AttackOrder {
  readonly attack: boolean;
  readonly target?: AttackTarget;
}

/** How often each attack was made, or came to this; and each answer that was not the one that it should be. */
export interface AttackReport {
  readonly counts: readonly (readonly [string, number])[];
  readonly wrong: readonly (readonly [string, number])[];
}
