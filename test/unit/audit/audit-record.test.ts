// Tests src/audit/audit-record.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  chainRecord,
  eventsAtMost,
  eventsOf,
  headAfter,
  maskContains,
  packEvents,
  typesMask,
  type AuditRecord,
} from '../../../src/audit/audit-record.js';
import { NotCanonicalizableError } from '../../../src/audit/canonical-json.js';
import { genesis, type ChainHead } from '../../../src/audit/hash-chain.js';
import { auditEventTypes, type AuditEvent, type UnchainedEvent } from '../../../src/model/audit-event.js';
import { newId } from '../../../src/model/new-id.js';
import { chainedEvent } from '../../helpers/chained-event.js';

const at = new Date('2026-01-02T03:04:05.006Z');
const draft = (overrides: Partial<UnchainedEvent> = {}): UnchainedEvent => ({
  type: 'CertificateRequested',
  at,
  principal: 'jane',
  cluster: 'demo',
  requestId: newId(at, () => Buffer.alloc(10)),
  fingerprintSha256: null,
  details: { b: 1, a: ['ä'] },
  ...overrides,
});

function chain(events: readonly UnchainedEvent[], from: ChainHead = genesis): AuditRecord[] {
  let head = from;
  return packEvents(events).map(({ members, types, text, lines }) => {
    const chained = chainRecord(head, { text, lines });
    head = chained.head;
    return { ...members, types, ...chained.record };
  });
}

function chainedOneByOne(events: readonly UnchainedEvent[], from: ChainHead = genesis): AuditEvent[] {
  const chained: AuditEvent[] = [];
  for (const event of events) chained.push(chainedEvent(chained.at(-1) ?? from, event));
  return chained;
}

const awkward = 'a\u0000b\u202e😀é"\'`\\\n\u2028,"principal":null,"type":"X"}';
const awkwardName = awkward.replace('\0', '');

describe('a record', () => {
  it('gives back the events that were packed, octet for octet, however awkward', () => {
    const events = [
      draft(),
      draft({ type: 'RequestApproved', principal: null, details: {} }),
      draft({ type: 'IssuanceStarted', details: { text: awkward, nested: { principal: 'x', type: 'Y' } } }),
      draft({ type: 'RequestDenied', principal: awkwardName, cluster: awkwardName, requestId: null }),
      draft({ type: 'ServiceStarted', principal: null, cluster: null, requestId: null, details: { n: [1e21, -0.5] } }),
      draft({ type: 'CertificateIssued', fingerprintSha256: randomBytes(32).toString('hex') }),
      draft({ at: new Date('1970-01-01T00:00:00.000Z') }),
    ];
    const records = chain(events);
    const unpacked = records.flatMap(eventsOf);
    expect(unpacked).toEqual(chainedOneByOne(events));
    expect(headAfter(records.at(-1) as AuditRecord)).toEqual({ seq: 7, hash: unpacked[6]?.hash });
  });

  it('holds the events of a step that have instant, cluster, request, certificate and principal in common', () => {
    const sizes = (events: readonly UnchainedEvent[]) => packEvents(events).map(({ lines }) => lines.length);
    expect(sizes([draft(), draft({ principal: null }), draft()])).toEqual([3]);
    expect(sizes([draft({ principal: null }), draft(), draft({ principal: 'bob' })])).toEqual([2, 1]);
    expect(sizes([draft(), draft({ cluster: null })])).toEqual([1, 1]);
    expect(sizes([draft(), draft({ requestId: null })])).toEqual([1, 1]);
    expect(sizes([draft(), draft({ fingerprintSha256: 'aa' })])).toEqual([1, 1]);
    expect(sizes([draft(), draft({ at: new Date(at.getTime() + 1) })])).toEqual([1, 1]);
    expect(sizes(Array.from({ length: eventsAtMost + 1 }, () => draft()))).toEqual([eventsAtMost, 1]);
  });

  it('continues a chain', () => {
    const from = { seq: 41, hash: 'ab'.repeat(32) };
    const [record] = chain([draft(), draft()], from);
    expect(record).toMatchObject({ firstSeq: 42, lastSeq: 43 });
    expect(eventsOf(record as AuditRecord)).toEqual(chainedOneByOne([draft(), draft()], from));
  });

  it('is refused where an event has no canonical form', () => {
    expect(() => packEvents([draft({ details: { name: '\ud800' } })])).toThrow(NotCanonicalizableError);
    expect(() => packEvents([draft({ principal: '\ud800' })])).toThrow(NotCanonicalizableError);
    expect(() => packEvents([draft({ cluster: '\ud800' })])).toThrow(NotCanonicalizableError);
  });

  it('is refused where PostgreSQL could not keep a name as it was hashed', () => {
    expect(() => packEvents([draft(), draft({ principal: 'jane\0' })])).toThrow(NotCanonicalizableError);
    expect(() => packEvents([draft({ principal: null, cluster: '\0' })])).toThrow(NotCanonicalizableError);
    expect(packEvents([draft({ details: { name: '\0' } })])).toHaveLength(1);
  });

  it('shows an event whose whole text it holds', () => {
    const [event] = chainedOneByOne([draft()]);
    const [record] = chain([draft()]) as [AuditRecord];
    expect(eventsOf({ ...record, events: event?.canonical ?? '' })).toEqual([event]);
  });

  it.each([
    ['a line is missing', { events: 'x' }],
    ['a line is damaged', { events: '{"details":{},"principal":null,"type":"RequestDenied"}\n[' }],
    ['the instant is none', { at: new Date(NaN) }],
    ['hashes are missing', { hashes: new Uint8Array() }],
    ['the types are others', { types: 0 }],
  ])('stays readable, with as many events as it has numbers, where %s', (_, damage) => {
    const [record] = chain([draft(), draft()]) as [AuditRecord];
    expect(eventsOf({ ...record, ...damage }).map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

describe('the set of a record’s types', () => {
  it('is a number that stays, because the database has it', () => {
    expect(auditEventTypes.map((type) => [type, typesMask([type])])).toMatchInlineSnapshot(`
      [
        [
          "ServiceStarted",
          1,
        ],
        [
          "CertificateRequested",
          2,
        ],
        [
          "ApprovalRecorded",
          4,
        ],
        [
          "RequestApproved",
          8,
        ],
        [
          "RequestDenied",
          16,
        ],
        [
          "RequestCancelled",
          32,
        ],
        [
          "RequestExpired",
          64,
        ],
        [
          "IssuanceStarted",
          128,
        ],
        [
          "IssuanceResumed",
          256,
        ],
        [
          "IssuanceAbandoned",
          512,
        ],
        [
          "CertificateIssued",
          1024,
        ],
        [
          "IssuanceFailed",
          2048,
        ],
        [
          "PolicyEvaluated",
          4096,
        ],
        [
          "PolicyReplayed",
          8192,
        ],
        [
          "PolicySetLoaded",
          16384,
        ],
        [
          "ApiTokenCreated",
          32768,
        ],
        [
          "ApiTokenRevoked",
          65536,
        ],
        [
          "CertificateAuthorityPinned",
          131072,
        ],
        [
          "ClusterProbed",
          262144,
        ],
        [
          "UnknownIdentityIssued",
          524288,
        ],
        [
          "WebhookDeliveryFailed",
          1048576,
        ],
        [
          "WebhookDeliveryRetried",
          2097152,
        ],
        [
          "DecisionRefused",
          4194304,
        ],
        [
          "CertificateRevoked",
          8388608,
        ],
        [
          "IdentityBlocked",
          16777216,
        ],
        [
          "IdentityUnblocked",
          33554432,
        ],
        [
          "CertificateExpiring",
          67108864,
        ],
        [
          "RevocationEnforced",
          134217728,
        ],
        [
          "SignedIn",
          268435456,
        ],
        [
          "SignedOut",
          536870912,
        ],
        [
          "SignInRefused",
          1073741824,
        ],
        [
          "BreakGlassTokenMade",
          2147483648,
        ],
        [
          "BreakGlassTokenUsed",
          4294967296,
        ],
        [
          "CheckpointKeyAdded",
          8589934592,
        ],
        [
          "CheckpointKeyRetired",
          17179869184,
        ],
        [
          "DatabaseRestored",
          34359738368,
        ],
        [
          "RestoredAcknowledged",
          68719476736,
        ],
        [
          "AuditEventsArchived",
          137438953472,
        ],
        [
          "DirectoryUserChanged",
          274877906944,
        ],
        [
          "DirectoryUserDeactivated",
          549755813888,
        ],
        [
          "DirectoryGroupChanged",
          1099511627776,
        ],
        [
          "DirectoryMembershipChanged",
          2199023255552,
        ],
        [
          "IssuerProbed",
          4398046511104,
        ],
        [
          "IssuerActivated",
          8796093022208,
        ],
        [
          "IssuerRetired",
          17592186044416,
        ],
        [
          "IssuerExpiring",
          35184372088832,
        ],
        [
          "UnknownCertificateSeen",
          70368744177664,
        ],
      ]
    `);
  });

  it('tells each type that is in it, once for all of that type', () => {
    const some = ['CertificateRequested', 'RequestApproved', 'CertificateRequested', 'WebhookDeliveryRetried'] as const;
    const mask = typesMask(some);
    expect(auditEventTypes.filter((type) => maskContains(mask, type))).toEqual([...new Set(some)]);
    expect(Number.isSafeInteger(typesMask(auditEventTypes))).toBe(true);
  });
});
