import type { SqlDialect, Statement } from '../steps/statement.js';
import type { Operation } from '../steps/step.js';
import { insertApiToken, revokeApiToken, revokeTokenOfLeaver } from './api-token-table.js';
import { insertCertificate } from './insert-certificate.js';
import { insertRequest, updateRequest } from './write-request.js';
import { insertUnknownIdentity, pinCertificateAuthority, rememberProbe } from './cluster-tables.js';
import { answerIdempotencyKey, forgetIdempotencyKeys, insertIdempotencyKey } from './idempotency-key-table.js';
import { advanceExpiry, forgetExpiryNotices, insertExpiryNotice } from './expiry-notice-table.js';
import {
  changeDirectoryMembers,
  deleteDirectoryGroup,
  forgetDirectoryLosses,
  insertDirectoryGroup,
  insertDirectoryUser,
  loseDirectoryGroup,
  updateDirectoryGroup,
  updateDirectoryUser,
} from './directory-statements.js';
import { insertIdentityBlock, removeIdentityBlock, requireUnblocked } from './identity-block-table.js';
import { insertRevocation, requireUnrevoked } from './revocation-table.js';
import { rememberPolicySet } from './policy-set-table.js';
import {
  forgetCheckpoints,
  holdCheckpointLease,
  insertAuditTile,
  insertCheckpoint,
  insertCheckpointKey,
  insertInstance,
  releaseCheckpointLease,
  retireCheckpointKey,
} from './checkpoint-tables.js';
import { acknowledgeRestorations, insertRestoration } from './restoration-table.js';
import { pruneAuditRecords, requireArchivedThrough } from './audit-archive-table.js';
import { requireQuota } from './quotas.js';
import { endSession, forgetSessions, insertSession, touchSession } from './session-table.js';
import { forgetUsedProofs, insertUsedProof } from './used-proof-table.js';
import { webhookStatementsOf } from './webhook-delivery-table.js';

/**
 * The statements that execute an operation, in order. Each finds in the database itself whatever it needs to know, so all
 * of them can be sent before the first is answered.
 */
export function statementsOf(operation: Operation, dialect: SqlDialect): readonly Statement[] {
  switch (operation.op) {
    case 'insertRequest':
      return insertRequest(operation.request);
    case 'moveRequest':
      return [updateRequest(operation, dialect)];
    case 'requireQuota':
      return [requireQuota(operation, dialect)];
    case 'insertCertificate':
      return insertCertificate(operation.certificate);
    case 'insertRevocation':
      return [insertRevocation(operation.revoked)];
    case 'requireUnrevoked':
      return [requireUnrevoked(operation.fingerprintSha256)];
    case 'requireUnblocked':
      return [requireUnblocked(operation, dialect)];
    case 'insertIdentityBlock':
      return [insertIdentityBlock(operation)];
    case 'removeIdentityBlock':
      return [removeIdentityBlock(operation.folded, operation.n)];
    case 'insertDirectoryUser':
      return insertDirectoryUser(operation.user);
    case 'updateDirectoryUser':
      return updateDirectoryUser(operation.user, operation.version);
    case 'insertDirectoryGroup':
      return [insertDirectoryGroup(operation.group)];
    case 'updateDirectoryGroup':
      return [updateDirectoryGroup(operation.id, operation.version, operation.attributes, operation.at)];
    case 'deleteDirectoryGroup':
      return deleteDirectoryGroup(operation.id, operation.version, operation.by, dialect);
    case 'changeDirectoryMembers':
      return changeDirectoryMembers(operation.id, operation.change, operation.by, dialect);
    case 'loseDirectoryGroup':
      return [loseDirectoryGroup(operation.id, operation.by, dialect)];
    case 'forgetDirectoryLosses':
      return [forgetDirectoryLosses(operation.ns, dialect)];
    case 'insertExpiryNotice':
      return [insertExpiryNotice(operation.notice)];
    case 'advanceExpiry':
      return [advanceExpiry(operation)];
    case 'forgetExpiryNotices':
      return [forgetExpiryNotices(operation.announcedBefore)];
    case 'rememberPolicySet':
      return [rememberPolicySet(operation.digest, operation.texts)];
    case 'insertApiToken':
      return insertApiToken(operation.token, operation.secretSha256, dialect);
    case 'revokeApiToken':
      return [revokeApiToken(operation.id, operation.at)];
    case 'revokeTokenOfLeaver':
      return [revokeTokenOfLeaver(operation.id, operation.at, dialect)];
    case 'insertSession':
      return [insertSession(operation.session, operation.secretSha256)];
    case 'touchSession':
      return [touchSession(operation.id, operation.at)];
    case 'endSession':
      return [endSession(operation.id, operation.at)];
    case 'forgetSessions':
      return [forgetSessions(operation.expiredBefore)];
    case 'insertUsedProof':
      return [insertUsedProof(operation.idSha256, operation.at)];
    case 'forgetUsedProofs':
      return [forgetUsedProofs(operation.usedBefore)];
    case 'nameInstance':
      return [insertInstance(operation.id, operation.at)];
    case 'insertCheckpointKey':
      return [insertCheckpointKey(operation.verifierKey, operation.at)];
    case 'retireCheckpointKey':
      return [retireCheckpointKey(operation.verifierKey, operation.at)];
    case 'holdCheckpointLease':
      return [holdCheckpointLease(operation.owner, operation.now, operation.leaseUntil)];
    case 'releaseCheckpointLease':
      return [releaseCheckpointLease(operation.owner, operation.now)];
    case 'insertCheckpoint':
      return [insertCheckpoint(operation.checkpoint)];
    case 'forgetCheckpoints':
      return [forgetCheckpoints(operation.signedBefore)];
    case 'insertRestoration':
      return [insertRestoration(operation.restoration)];
    case 'acknowledgeRestorations':
      return [acknowledgeRestorations(operation.at, operation.by)];
    case 'insertAuditTile':
      return [insertAuditTile(operation.level, operation.n, operation.hashes)];
    case 'requireArchivedThrough':
      return [requireArchivedThrough(operation.seq)];
    case 'pruneAuditRecords':
      return pruneAuditRecords(operation, dialect);
    case 'insertIdempotencyKey':
      return [insertIdempotencyKey(operation.entry)];
    case 'answerIdempotencyKey':
      return [answerIdempotencyKey(operation.scope, operation.answer)];
    case 'forgetIdempotencyKeys':
      return [forgetIdempotencyKeys(operation.createdBefore, dialect)];
    case 'pinCertificateAuthority':
      return [pinCertificateAuthority(operation.cluster, operation.spkiSha256)];
    case 'rememberProbe':
      return [rememberProbe(operation.probe)];
    case 'insertUnknownIdentity':
      return [insertUnknownIdentity(operation.identity)];
    case 'enqueueWebhooks':
    case 'beginWebhookAttempt':
    case 'endWebhookAttempt':
    case 'abandonWebhook':
    case 'retryWebhook':
    case 'forgetWebhooks':
      return webhookStatementsOf(operation);
  }
}
