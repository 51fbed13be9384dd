import type { KeyObject } from 'node:crypto';
import { AgentConnections, agentError, type AgentLimits } from './agent-connections.js';
import {
  type AgentIdentity,
  identitiesRequest,
  readIdentities,
  readSignResponse,
  signRequest,
} from './agent-messages.js';
import { type CaKey, type KeyAvailability, KeyUnavailableError, whyUnfit } from './ca-key.js';
import { readSshKey, readSshSignature, type SshKey, sshKey } from './ssh-keys.js';

/** A key among those of an agent: the key itself, or the comment that the agent has for it. */
type WantedKey = { readonly publicKey: KeyObject } | { readonly label: string };

interface AgentKeyParts {
  readonly clock: () => Date;
  readonly limits?: AgentLimits & {
    /** Between two looks at an agent with which something is wrong. */
    readonly checkMilliseconds: number;
  };
}

const usualLimits = { connectMilliseconds: 2000, answerMilliseconds: 10_000, checkMilliseconds: 5000 };
/** A key that was available is not looked at again for so long. */
const trustedMilliseconds = 30_000;

/**
 * A key that an SSH agent uses (RFC 9987): OpenSSH's with an HSM, or one before a KMS. The agent may come, go and come
 * back at any time. Nobody has verified its signatures.
 */
export class AgentKey implements CaKey {
  readonly kind = 'agent';
  readonly #connections: AgentConnections;
  readonly #timer: NodeJS.Timeout;
  #key: SshKey | null;
  #availability: KeyAvailability;
  #lookedAt = 0;
  #looking: Promise<KeyUnavailableError | null> | null = null;
  /**
   * The connections that were lost before the agent refused, or signed wrongly; null where its last signature came, and
   * where it has lacked the key since.
   */
  #refusedAfter: number | null = null;

  /** Begins to look at the agent at once, and again and again. `path`: of its Unix socket. */
  constructor(
    path: string,
    private readonly wanted: WantedKey,
    private readonly parts: AgentKeyParts,
  ) {
    this.#key = 'publicKey' in wanted ? sshKey(wanted.publicKey) : null;
    const limits = parts.limits ?? usualLimits;
    this.#connections = new AgentConnections(path, limits);
    this.#availability = { available: false, checkedAt: parts.clock() };
    void this.check();
    this.#timer = setInterval(() => {
      const isTrusted = performance.now() - this.#lookedAt < trustedMilliseconds;
      if (!this.#availability.available || !isTrusted) void this.check();
    }, limits.checkMilliseconds).unref();
  }

  publicKey(): KeyObject | null {
    return this.#key?.publicKey ?? null;
  }

  async sign(data: Uint8Array): Promise<Buffer> {
    try {
      const signature = await this.#signedByAgent(data);
      this.#refusedAfter = null;
      this.#found(true);
      return signature;
    } catch (error) {
      if (error instanceof KeyUnavailableError && error.failure !== 'overlong') this.#found(false, error.message);
      throw error;
    }
  }

  /** It is not available until it signs again, over connections on which nothing came before, or was taken away. */
  distrust(): void {
    this.#connections.renew();
    this.#refusedAfter = this.#connections.lost;
    this.#found(false, 'a signature of it did not verify');
  }

  availability(): KeyAvailability {
    return this.#availability;
  }

  async check(): Promise<KeyAvailability> {
    await this.#whyMissing();
    return this.#availability;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#connections.close();
  }

  async #signedByAgent(data: Uint8Array): Promise<Buffer> {
    const missing = this.#key === null ? await this.#whyMissing() : null;
    const key = this.#key;
    if (key === null) throw missing ?? this.#error('missing', 'does not have the key');
    const signature = await this.#connections.ask(signRequest(key.blob, data, key.flags), (answer) => {
      const octets = readSignResponse(answer);
      return octets === null ? null : readSshSignature(octets, key);
    });
    if (signature !== null) return signature;
    // An agent does not say why it refuses. Another agent may listen at the same path by now, while the old agent runs.
    this.#refusedAfter = this.#connections.lost;
    this.#connections.reopen();
    throw (await this.#whyMissing()) ?? this.#error('refused', 'has the key and refuses to sign');
  }

  /** Asks for the keys of the agent, once for all who ask meanwhile. Null where the key is there. */
  #whyMissing(): Promise<KeyUnavailableError | null> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<KeyUnavailableError | null> {
    try {
      const identities = await this.#connections.ask(identitiesRequest(), readIdentities);
      if (identities === null) throw this.#error('refused', 'refuses to name its keys');
      this.#key ??= this.#withLabel(identities);
      const { blob } = this.#key;
      if (!identities.some((one) => one.blob.equals(blob))) {
        this.#refusedAfter = null;
        throw this.#error('missing', 'does not have the key');
      }
      // Whether it still refuses, only a signature or another agent can tell.
      this.#found(this.#refusedAfter !== this.#connections.lost, this.#availability.problem);
      return null;
    } catch (error) {
      if (!(error instanceof KeyUnavailableError)) throw error;
      if (error.failure === 'missing' || error.failure === 'refused') this.#connections.reopen();
      this.#found(false, error.message);
      return error;
    }
  }

  #withLabel(identities: readonly AgentIdentity[]): SshKey {
    const label = 'label' in this.wanted ? this.wanted.label : '';
    const no = (text: string) => this.#error('missing', `has ${text} with the label ${JSON.stringify(label)}`);
    const [found, other] = identities.filter(({ comment }) => comment.equals(Buffer.from(label)));
    if (found === undefined) throw no('no key');
    if (other !== undefined) throw no('several keys');
    const key = readSshKey(found.blob);
    if (key === null || whyUnfit(key.publicKey) !== null) throw no('a key that signs no certificates here');
    return key;
  }

  #found(available: boolean, problem?: string): void {
    this.#lookedAt = performance.now();
    const checkedAt = this.parts.clock();
    this.#availability =
      available || problem === undefined ? { available, checkedAt } : { available, checkedAt, problem };
  }

  #error(failure: 'missing' | 'refused', text: string): KeyUnavailableError {
    return agentError(this.#connections.path, failure, text);
  }
}
