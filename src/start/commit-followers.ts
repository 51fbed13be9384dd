import type { DirectoryUse, IdentityBlocks } from '../context/standing.js';
import type { ListedNames } from '../context/listed-names.js';
import type { DenyList } from '../access/deny-list.js';
import { type CommitFollower, afterCommit } from '../store/writer/followed-writer.js';
import type { ApiTokenAuthenticator } from '../callers/authentication/callers.js';
import type { SessionAuthenticator } from '../callers/sessions.js';
import type { KeptRevocations } from '../backup/revocations-beside-database.js';
import type { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';

/** The parts of this process that know of a commit before its caller does. */
interface CommitFollowers {
  readonly denyList: Pick<DenyList, 'add'>;
  /** The list beside the database. */
  readonly keptRevocations: Pick<KeptRevocations, 'keep' | 'keepWithdrawn'>;
  readonly byApiToken: Pick<ApiTokenAuthenticator, 'forget'>;
  readonly bySession: Pick<SessionAuthenticator, 'forget'>;
  readonly directoryUse: Pick<DirectoryUse, 'changed'>;
  readonly identityBlocks: Pick<IdentityBlocks, 'add'>;
  readonly listedNames: Pick<ListedNames, 'add'>;
  readonly webhooks: Pick<WebhookDispatcher, 'wake'>;
  /** Measures each step. */
  readonly measured: CommitFollower;
}

/**
 * All that follows a commit, in this order, behind the followers from the start. A commit is answered when those that
 * are waited for know: then nobody gets in with a credential that the commit has ended.
 */
export const commitFollowers = (parts: CommitFollowers): readonly CommitFollower[] => [
  afterCommit('revoked', { waits: true }, (revoked) => {
    for (const one of revoked) parts.denyList.add(one);
    return parts.keptRevocations.keep(revoked);
  }),
  afterCommit('withdrawn', { waits: true }, (withdrawn) => {
    for (const one of withdrawn) if ('folded' in one) parts.identityBlocks.add(one.folded);
    return parts.keptRevocations.keepWithdrawn(withdrawn);
  }),
  afterCommit('certificate', { waits: true }, async (certificates) => {
    for (const certificate of certificates) if (!certificate.orphan) await parts.listedNames.add(certificate);
  }),
  afterCommit('leaversToken', { waits: true }, (ids) => {
    for (const id of ids) parts.byApiToken.forget(id);
  }),
  afterCommit('endedSession', { waits: true }, (ids) => {
    for (const id of ids) parts.bySession.forget(id);
  }),
  {
    minds: 'directoryUser',
    waits: true,
    // A commit without an answer may have been made, too: decisions believe nothing any more of the directory's users.
    after: () => {
      parts.directoryUse.changed();
    },
  },
  afterCommit('webhooks', { waits: false }, () => {
    parts.webhooks.wake();
  }),
  parts.measured,
];
