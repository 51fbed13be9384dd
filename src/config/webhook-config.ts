/** What a webhook can be told of. */
export const webhookEventSettings = ['pending', 'issued', 'denied'] as const;

/** An address that is told of events, as the configuration has it; every path is absolute. */
export interface WebhookConfig {
  /** A DNS label; deliveries are known by it. */
  readonly name: string;
  /** https, or http to a loopback address; without credentials and fragment. Its path may hold a secret: never log it. */
  readonly url: string;
  /** Standard Webhooks secrets, one a line: each signs. */
  readonly secretFile: string;
  /** At least one. */
  readonly events: readonly (typeof webhookEventSettings)[number][];
  /** Names of configured clusters; null: all of them. */
  readonly clusters: readonly string[] | null;
  /** PEM: what the receiver is trusted by; null: the CAs that Node.js trusts. */
  readonly certificateAuthorityFile: string | null;
}
