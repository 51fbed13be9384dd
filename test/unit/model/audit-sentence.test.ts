// Tests src/model/audit-sentence.ts, src/model/audit-event.ts
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../../src/model/audit-sentence.js';
import {
  auditEventTypes,
  type AuditEventDetails,
  type AuditEventType,
  type JsonMembers,
} from '../../../src/model/audit-event.js';

const asked = { username: 'jane', expirationSeconds: 3600 };
const sha256 = 'a'.repeat(64);
const attempt = { attempt: 1, spkiSha256: sha256, signer: 'local' };
const token = { tokenId: 'token-1', name: 'portal', groups: [], roles: ['requester'], createdBy: ['alice'] } as const;
const user = { userId: 'user-1', userName: 'jane', externalId: null, username: 'jane' };
const group = { groupId: 'group-1', displayName: 'oncall', externalId: null };
const issuer = { issuer: 'users-2027', fingerprintSha256: sha256 };
const delivery = {
  deliveryId: 'delivery-1',
  webhook: 'chat',
  type: 'certificate_request.issued',
  attempts: 3,
} as const;
const session = { sessionId: 'session-1', issuer: null, tokenId: null };
const ask: AuditEventDetails['CertificateRequested'] = {
  ...{ username: 'jane', groups: ['oncall'], keyAlgorithm: 'ECDSA-P256', spkiSha256: null, expirationSeconds: 3600 },
  ...{ namespace: null, reason: 'INC-1', collector: 'jane', requesterGroups: [], requesterRoles: ['requester'] },
};
const block: AuditEventDetails['IdentityBlocked'] = {
  ...{ username: 'jane', clusters: null, reason: 'keyCompromise', comment: null, until: null },
  ...{ revokedCertificates: 1, cancelledRequests: 0 },
};
const violation = { source: 'built-in', reason: 'LifetimeTooLong', message: 'a day is too long' } as const;

type Told<Type extends AuditEventType> = readonly [sentence: string, details: AuditEventDetails[Type], by?: string];

/** Details of each type, and what is told of them. Leo did it, on prod-eu, where nobody else is named. */
const told: { readonly [Type in AuditEventType]: readonly Told<Type>[] } = {
  ServiceStarted: [
    [
      'kubepass started with demo and prod-eu',
      { instance: 'i', clusters: ['demo', 'prod-eu'], policySetDigest: sha256 },
    ],
    ['kubepass started', { instance: 'i', clusters: [], policySetDigest: sha256 }],
  ],
  CertificateRequested: [
    ['jane asked for 1 hour on prod-eu in oncall', ask, 'jane'],
    ['leo asked for 1 hour on prod-eu for jane in oncall', ask],
    ['jane asked for 1 hour on prod-eu, to renew a certificate', { ...ask, groups: [], renewalOf: sha256 }, 'jane'],
  ],
  ApprovalRecorded: [
    [
      "leo approved jane's request for 1 hour on prod-eu; 3 more must approve",
      { stage: 0, comment: 'ok', awaiting: [1, 2].map((needed, stage) => ({ stage, needed })) },
    ],
  ],
  RequestApproved: [
    [
      "leo approved jane's request for 1 hour on prod-eu",
      { approval: 'manual', policySetDigest: sha256, stage: 0, comment: null },
    ],
    [
      'leo approved jane\'s request for 1 hour on prod-eu: "it is urgent"',
      { approval: 'manual', policySetDigest: sha256, stage: 0, comment: 'it is urgent' },
    ],
    [
      "policy team-a approved jane's request for 1 hour on prod-eu",
      { approval: 'auto', policySetDigest: sha256, policy: 'team-a' },
    ],
  ],
  RequestDenied: [
    ["leo denied jane's request for 1 hour on prod-eu", { comment: null }],
    ['leo denied jane\'s request for 1 hour on prod-eu: "not now"', { comment: 'not now' }],
    [
      'policy denied jane\'s request for 1 hour on prod-eu: "a day is too long"',
      { reason: 'PolicyDenied', policySetDigest: sha256, violations: [violation] },
    ],
    [
      'policy denied jane\'s request for 1 hour on prod-eu: "a day is too long" and "a day is too long"',
      { reason: 'NoLongerPermitted', violations: [violation, violation] },
    ],
  ],
  RequestCancelled: [
    ["leo cancelled jane's request for 1 hour on prod-eu", { comment: null }],
    ["leo cancelled jane's request for 1 hour on prod-eu: identity blocked", { reason: 'IdentityBlocked' }],
  ],
  RequestExpired: [
    ["nobody decided on jane's request for 1 hour on prod-eu in time", { reason: 'NotDecided' }],
    ["nobody collected the certificate of jane's request for 1 hour on prod-eu in time", { reason: 'NotCollected' }],
  ],
  IssuanceStarted: [["the signer was asked to sign jane's request for 1 hour on prod-eu", attempt]],
  IssuanceResumed: [
    [
      "the signing of jane's request for 1 hour on prod-eu was taken up again",
      { ...attempt, previousOwner: 'a', owner: 'b' },
    ],
  ],
  IssuanceAbandoned: [
    [
      "the signing of jane's request for 1 hour on prod-eu was given up: process died",
      { ...attempt, reason: 'ProcessDied', orphan: false },
    ],
  ],
  CertificateIssued: [
    [
      'jane got a certificate on prod-eu in oncall and team-a until 2026-12-03 13:54 UTC',
      {
        ...{ attempt: 1, serialNumber: '1', subject: 'CN=jane', issuer: 'CN=ca', username: 'jane', orphan: false },
        ...{ groups: ['oncall', 'team-a'], notBefore: '2026-12-03T12:54:00.000Z', notAfter: '2026-12-03T13:54:00Z' },
        ...{ spkiSha256: sha256, lifetimeClamped: false },
      },
    ],
  ],
  IssuanceFailed: [
    [
      'the signing of jane\'s request for 1 hour on prod-eu failed: "no answer"',
      { ...attempt, reason: 'SignerUnavailable', message: 'no answer' },
    ],
  ],
  PolicyEvaluated: [
    [
      'leo tried out what jane would get on prod-eu in oncall: denied',
      {
        ...{ username: 'jane', groups: ['oncall'], keyAlgorithm: 'ECDSA-P256', expirationSeconds: null },
        ...{ outcome: 'denied', policy: null, violations: [], policySetDigest: sha256, draft: false },
      },
    ],
    [
      'leo tried out by a draft of policy what jane would get on prod-eu: permitted',
      {
        ...{ username: 'jane', groups: [], keyAlgorithm: 'ECDSA-P256', expirationSeconds: null },
        ...{ outcome: 'permitted', policy: 'a', violations: [], policySetDigest: sha256, draft: true },
      },
    ],
    [
      'leo tried out what jane would get on prod-eu if mallory asked: denied',
      {
        ...{ username: 'jane', groups: [], keyAlgorithm: 'ECDSA-P256', expirationSeconds: null },
        ...{ outcome: 'denied', policy: null, violations: [], policySetDigest: sha256, draft: false },
        requester: 'mallory',
      },
    ],
  ],
  PolicyReplayed: [
    [
      'leo tried out a draft of policy on 1 recorded request',
      {
        ...{ policySetDigest: sha256, after: null, before: '2026-12-03T12:54:00.000Z', complete: true, requests: 1 },
        ...{ changed: {}, undecidable: {}, failed: 0 },
      },
    ],
  ],
  PolicySetLoaded: [['other policies came into force', { policySetDigest: sha256, previousPolicySetDigest: sha256 }]],
  ApiTokenCreated: [
    ['leo made an API token for portal with the roles requester', { ...token, expiresAt: null }],
    [
      'leo made an API token for portal with the roles requester until 2026-12-03 13:54 UTC',
      { ...token, expiresAt: '2026-12-03T13:54:00.000Z' },
    ],
  ],
  ApiTokenRevoked: [['leo revoked an API token of portal', { ...token, expiresAt: null }]],
  CertificateAuthorityPinned: [
    [
      'kubepass met CA users-2027 of prod-eu for the first time, and knows it from now on',
      { issuer: 'users-2027', spkiSha256: sha256 },
    ],
    ['kubepass met CA of prod-eu for the first time, and knows it from now on', { spkiSha256: sha256 }],
  ],
  ClusterProbed: [
    [
      'leo probed prod-eu, which answered',
      {
        ...{ probe: true, reachable: true, version: 'v1', missingPermissions: [], signs: 'yes', reason: null },
        ...{ accepts: 'yes', probeRequestId: null },
      },
    ],
    [
      'leo probed prod-eu: "no route"',
      {
        ...{ probe: true, reachable: false, version: null, missingPermissions: [], signs: 'no', reason: 'no route' },
        ...{ accepts: 'unknown', probeRequestId: null },
      },
    ],
  ],
  UnknownIdentityIssued: [
    ['kubectl had a certificate for jane signed on prod-eu past kubepass', unknownIdentity('jane')],
    ['kubectl had a certificate signed on prod-eu past kubepass', unknownIdentity(null)],
  ],
  WebhookDeliveryFailed: [
    [
      'webhook chat did not take certificate_request.issued in 3 attempts: timeout',
      { ...delivery, failure: 'timeout' },
    ],
  ],
  WebhookDeliveryRetried: [
    ['leo had certificate_request.issued sent to webhook chat again', { ...delivery, state: 'waiting' }],
  ],
  DecisionRefused: [
    [
      'leo tried to approve jane\'s request for 1 hour on prod-eu, and may not: "it is your own"',
      { decision: 'approve', message: 'it is your own' },
    ],
  ],
  CertificateRevoked: [
    [
      'leo revoked a certificate of jane on prod-eu (superseded)',
      { ...revoked(), reason: 'superseded', restored: false, comment: null },
    ],
    [
      'leo revoked a certificate of jane on prod-eu (key compromise), as the list beside the database has it: lost',
      { ...revoked(), reason: 'keyCompromise', restored: true, comment: 'lost' },
    ],
  ],
  IdentityBlocked: [
    ['leo blocked jane everywhere', { ...block, reason: 'unspecified' }],
    ['leo blocked jane everywhere (key compromise)', block],
    [
      'leo blocked jane on prod-eu until 2026-12-03 13:54 UTC (key compromise): stolen',
      { ...block, clusters: ['prod-eu'], until: '2026-12-03T13:54:00.000Z', comment: 'stolen' },
    ],
  ],
  IdentityUnblocked: [
    ['leo unblocked jane everywhere', { username: 'jane', clusters: null, comment: null }],
    ['leo unblocked jane on prod-eu', { username: 'jane', clusters: ['prod-eu'], comment: null }],
  ],
  CertificateExpiring: [
    [
      'a certificate of jane on prod-eu ends at 2026-12-03 13:54 UTC',
      { username: 'jane', serialNumber: '1', notAfter: '2026-12-03T13:54:00.000Z', seconds: 60 },
    ],
  ],
  RevocationEnforced: [
    [
      'prod-eu refuses a revoked certificate, 1 minute 30 seconds after its revocation',
      { mode: 'webhook', verified: true, delaySeconds: 90, reason: null },
    ],
    [
      'nothing proves that prod-eu refuses a revoked certificate: "no answer"',
      { mode: 'webhook', verified: false, delaySeconds: null, reason: 'no answer' },
    ],
  ],
  SignedIn: [
    ['leo signed in with okta', { ...session, issuer: 'okta', roles: [], expiresAt: '2026-12-03T13:54:00.000Z' }],
    ['leo signed in with an API token', { ...session, tokenId: 't', roles: [], expiresAt: '2026-12-03T13:54:00.000Z' }],
  ],
  SignedOut: [
    ['jane signed out', { ...session, name: 'jane', reason: 'SignedOut' }],
    ['the session of jane was ended: identity blocked', { ...session, name: 'jane', reason: 'IdentityBlocked' }],
  ],
  SignInRefused: [
    ['kubepass refused 1 credential: token expired 1', { refused: 1, reasons: { TokenExpired: 1 } }],
    [
      'kubepass refused 3 credentials: unknown token 2 and token expired 1',
      {
        refused: 3,
        reasons: { UnknownToken: 2, TokenExpired: 1 },
      },
    ],
  ],
  BreakGlassTokenMade: [
    [
      'somebody on the host made an admin token until 2026-12-03 13:54 UTC',
      { ...token, expiresAt: '2026-12-03T13:54:00.000Z' },
    ],
  ],
  BreakGlassTokenUsed: [['somebody used a break-glass token, 2 times', { tokenId: 't', uses: 2 }]],
  CheckpointKeyAdded: [['another key signs the log from now on', { key: 'k', sha256 }]],
  CheckpointKeyRetired: [['a key signs the log no more', { key: 'k', sha256 }]],
  DatabaseRestored: [
    [
      'the database was restored from a backup with 42 events, the last of 2026-12-03 13:54 UTC',
      { detectedBy: 'checkpoint', events: 42, knownUntil: '2026-12-03T13:54:00.000Z', signedEvents: null },
    ],
  ],
  RestoredAcknowledged: [['leo acknowledged that the database was restored from a backup', { restorations: 1 }]],
  AuditEventsArchived: [
    [
      'events 1 to 256 were archived in audit-000000000001-000000000256.ndjson',
      { from: 1, to: 256, file: 'audit-000000000001-000000000256.ndjson', sha256, checkpoint: 'note' },
    ],
  ],
  DirectoryUserChanged: [
    ['the directory created user jane', { ...user, change: 'Created', active: true, changed: [] }],
    [
      'the directory changed user jane: emails and active',
      { ...user, change: 'Changed', active: true, changed: ['emails', 'active'] },
    ],
    ['the directory has user jane again', { ...user, change: 'Returned', active: true, changed: [] }],
    ['user jane of the directory gave the name up', { ...user, change: 'Superseded', active: false, changed: [] }],
    ['leo confirmed user jane of the directory', { ...user, change: 'Confirmed', active: true, changed: [] }],
  ],
  DirectoryUserDeactivated: [
    ['the directory deactivated user jane', left(0)],
    ['the directory deactivated user jane, which revoked 2 certificates', left(2)],
  ],
  DirectoryGroupChanged: [['the directory deleted group oncall', { ...group, change: 'Deleted' }]],
  DirectoryMembershipChanged: [
    ['the directory took oncall from jane', { ...group, added: [], removed: ['jane'] }],
    ['the directory gave oncall to jane and mary', { ...group, added: ['jane', 'mary'], removed: [] }],
    ['the directory gave oncall to mary and took it from jane', { ...group, added: ['mary'], removed: ['jane'] }],
    [
      'the directory gave oncall to a, b, c, d and 3 others',
      { ...group, added: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], removed: [] },
    ],
  ],
  IssuerProbed: [
    [
      'leo probed whether prod-eu accepts issuer users-2027',
      { ...issuer, probe: true, addresses: [], probeRequestId: '' },
    ],
  ],
  IssuerActivated: [
    [
      'alice activated issuer users-2027 of prod-eu, without a probe',
      { ...issuer, previous: null, withoutProbe: true, comment: null },
      'alice',
    ],
    [
      'leo activated issuer users-2027 of prod-eu: "the old one ends"',
      { ...issuer, previous: 'users-2026', withoutProbe: false, comment: 'the old one ends' },
    ],
  ],
  IssuerRetired: [
    [
      'leo retired issuer users-2027 of prod-eu',
      { ...issuer, live: 0, latestNotAfter: null, abandonLive: false, comment: null },
    ],
    [
      'leo retired issuer users-2027 of prod-eu, with 1 live certificate',
      { ...issuer, live: 1, latestNotAfter: '2026-12-03T13:54:00.000Z', abandonLive: true, comment: null },
    ],
  ],
  IssuerExpiring: [
    [
      'issuer users-2027 of prod-eu ends at 2026-12-03 13:54 UTC',
      { ...issuer, notAfter: '2026-12-03T13:54:00.000Z', seconds: 60 },
    ],
  ],
  UnknownCertificateSeen: [
    [
      'prod-eu was shown a certificate of jane that kubepass did not issue',
      { username: 'jane', verb: 'get', resource: null },
    ],
  ],
};

function unknownIdentity(username: string | null) {
  return {
    ...{ subject: null, username, groups: [], serialNumber: null, notBefore: null, notAfter: null, spkiSha256: null },
    ...{ objectName: 'csr-1', objectUid: 'uid', requestedBy: 'kubectl', expirationSeconds: null },
    ...{ approvalReason: null, approvalMessage: null },
  };
}

function revoked() {
  return { username: 'jane', serialNumber: '1', notAfter: '2026-12-03T13:54:00.000Z' };
}

function left(revokedCertificates: number) {
  return {
    ...{ ...user, how: 'Deactivated' as const, revokedCertificates, cancelledRequests: 0, endedSessions: 0 },
    ...{ revokedTokens: [], keptTokens: [] },
  };
}

const event = (type: AuditEventType, details: object, by: string | null = 'leo') => ({
  ...{ type, principal: by, cluster: 'prod-eu', details: details as JsonMembers },
});

describe.each(auditEventTypes)('%s', (type) => {
  for (const [sentence, details, by] of told[type])
    it(sentence, () => {
      expect(sentenceOf(event(type, details, by), asked)).toBe(sentence);
    });

  it('has its type in words where the details are damaged', () => {
    const sentence = sentenceOf({ ...event(type, {}), cluster: null });
    expect(sentence).not.toMatch(/undefined|null|NaN|[{}[\]]/);
    expect(sentence).not.toBe('');
  });
});

it('names kubepass where nobody caused it, and the request without what is not known of it', () => {
  expect(sentenceOf(event('RequestCancelled', { comment: null }, null))).toBe(
    'kubepass cancelled a request on prod-eu',
  );
});

it('lets no name or text pass for the sentence', () => {
  const said = (username: string) => sentenceOf(event('CertificateExpiring', { username, notAfter: 'soon' }));
  expect(said('jane ends, and leo approved a request')).toBe(
    'a certificate of "jane ends, and leo approved a request" on prod-eu ends at soon',
  );
  expect(said('jane\u202e\n')).toBe('a certificate of "jane\\u{202e}\\u{a}" on prod-eu ends at soon');
  expect(said('{who}')).toBe('a certificate of "{who}" on prod-eu ends at soon');
  expect(said('"')).toBe('a certificate of "\\"" on prod-eu ends at soon');
  expect(said('j'.repeat(300))).toBe(`a certificate of "${'j'.repeat(120)}…" on prod-eu ends at soon`);
});

it('tells of an event that was edited', () => {
  expect(sentenceOf(event('ApprovalRecorded', { awaiting: [null, 1, { needed: 'x' }] }))).toBe(
    'leo approved a request on prod-eu; 0 more must approve',
  );
  expect(sentenceOf(event('RequestDenied', { violations: [null, 7, {}], comment: [[]] }))).toBe(
    'policy denied a request on prod-eu: 7',
  );
  expect(sentenceOf(event('WebhookDeliveryFailed', { webhook: {}, type: { a: {} }, attempts: 'x', failure: 1 }))).toBe(
    'leo: webhook delivery failed',
  );
  const of = (type: string) => sentenceOf({ ...event(type as AuditEventType, {}) });
  expect(of('')).toBe('leo: an event that cannot be read');
  expect(of('constructor')).toBe('leo: constructor');
});
