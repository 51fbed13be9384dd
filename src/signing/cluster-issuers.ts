import { SignerUnavailableError } from '../model/errors.js';
import type { IssuerState, RecordedIssuer } from '../model/issuer.js';
import type { CaKey } from './keys/ca-key.js';
import type { ParsedCertificate, SigningAuthority } from '@kubepass/x509';

/** An issuer as this process has it: its key, and the certificates from its files. */
export interface LoadedIssuer {
  /** A DNS label, unique in the cluster. */
  readonly name: string;
  readonly key: CaKey;
  /** Null while its certificate is missing. */
  readonly certified: CertifiedIssuer | null;
  /** DER of the subject that its certification request asks for; null where the configuration names no subject. */
  readonly requestedSubject: Buffer | null;
}

/** The certificates of an issuer. */
export interface CertifiedIssuer {
  readonly name: string;
  readonly key: CaKey;
  readonly authority: SigningAuthority;
  /** Its own certificate and the CAs above it, as they go out behind a leaf: without the anchors. */
  readonly chain: readonly ParsedCertificate[];
  /** The certificates that the API servers trust for it. */
  readonly anchors: readonly ParsedCertificate[];
  /** The whole chain is valid from here to there, its anchor included. */
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The issuers of a cluster whose CA keys kubepass uses: those of the configuration, with their recorded states. */
export class ClusterIssuers {
  #recorded: ReadonlyMap<string, RecordedIssuer> = new Map();
  #active: RecordedIssuer | null = null;
  #begunReads = 0;
  #knownRead = 0;
  #loaded: ReadonlyMap<string, LoadedIssuer>;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly cluster: string,
    loaded: readonly LoadedIssuer[],
    private readonly read: () => Promise<readonly RecordedIssuer[]>,
  ) {
    this.#loaded = new Map(loaded.map((one) => [one.name, one]));
  }

  /**
   * Reads the states again: another replica may have changed them. The read that began last counts, because others at
   * the same time may end later.
   */
  async refresh(): Promise<void> {
    const begun = ++this.#begunReads;
    const recorded = await this.read();
    if (begun <= this.#knownRead) return;
    this.#knownRead = begun;
    this.know(recorded);
  }

  /** Takes the states that the database is known to have. */
  know(recorded: readonly RecordedIssuer[]): void {
    this.#recorded = new Map(recorded.map((one) => [one.name, one]));
    this.#active = recorded.find(({ state }) => state === 'active') ?? null;
  }

  /** Puts an issuer that was read anew in the place of the one with its name. */
  replace(issuer: LoadedIssuer): void {
    this.#loaded = new Map([...this.#loaded].map(([name, one]) => [name, name === issuer.name ? issuer : one]));
  }

  /** Runs probes and changes of issuers one after the other in this process. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work, work);
    this.#lastTurn = turn;
    return turn;
  }

  /** The issuers of the configuration, in its order. */
  all(): readonly LoadedIssuer[] {
    return [...this.#loaded.values()];
  }

  loaded(name: string): LoadedIssuer | null {
    return this.#loaded.get(name) ?? null;
  }

  /** By name, with those that the configuration does not have any more. */
  recorded(): ReadonlyMap<string, RecordedIssuer> {
    return this.#recorded;
  }

  stateOf(name: string): IssuerState | null {
    return this.#recorded.get(name)?.state ?? null;
  }

  /** The one that signs. Throws `SignerUnavailableError` where this process does not have its certificate and key. */
  active(): CertifiedIssuer {
    const certified = this.#active && this.#loaded.get(this.#active.name)?.certified;
    if (certified) return certified;
    throw new SignerUnavailableError(this.whyNoneActive());
  }

  /** Whether the key that signs lies in an agent. */
  signsByAgent(): boolean {
    return this.#active !== null && this.#loaded.get(this.#active.name)?.key.kind === 'agent';
  }

  /** Why this process has no issuer to sign with, in words for an operator. */
  whyNoneActive(): string {
    const name = this.#active?.name;
    return name === undefined
      ? `cluster ${JSON.stringify(this.cluster)} has no active issuer`
      : this.#notLoaded(name, 'active');
  }

  /** The certified issuers in one of these states, in the order of the configuration. */
  inStates(...states: readonly IssuerState[]): readonly CertifiedIssuer[] {
    return this.all().flatMap(({ name, certified }) => {
      const state = this.stateOf(name);
      return certified !== null && state !== null && states.includes(state) ? [certified] : [];
    });
  }

  /**
   * Throws `SignerUnavailableError` where this process lacks the certificate of an issuer whose own still work: client
   * CAs without its anchors would lock their holders out.
   */
  requireServed(): void {
    for (const { name, state } of this.#recorded.values())
      if ((state === 'active' || state === 'retiring') && !this.#loaded.get(name)?.certified)
        throw new SignerUnavailableError(this.#notLoaded(name, state));
  }

  #notLoaded(name: string, state: IssuerState): string {
    return `issuer ${JSON.stringify(name)} of cluster ${JSON.stringify(this.cluster)} is ${state}, and this process has not loaded it`;
  }

  /** The issuer that has, or had, the CA certificate with this fingerprint; null where no issuer has had it. */
  withFingerprint(fingerprintSha256: string): CertifiedIssuer | null {
    for (const { name, certified } of this.#loaded.values()) {
      if (certified === null) continue;
      const had = this.#recorded.get(name)?.fingerprints ?? [];
      if (certified.authority.fingerprintSha256 === fingerprintSha256 || had.includes(fingerprintSha256))
        return certified;
    }
    return null;
  }
}
