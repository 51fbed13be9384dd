/** What a principal may be allowed to do; a principal may hold several. */
export const roles = ['requester', 'approver', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The authenticated caller of our API. Principals are compared by name, never by token. */
export interface Principal {
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
  /** Names of the principals who created the caller's credential, directly or through others, oldest first. */
  readonly createdBy: readonly string[];
  /** Identifies the credential, for the audit log and for lineage; never the secret. */
  readonly tokenId: string;
}

/** The principal as it was when it asked: what a decision is made on, then and later. */
export interface Requester {
  readonly name: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
}
