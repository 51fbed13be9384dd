import { Type, type Static } from 'typebox';
import type { LastCheckpoint } from './prove-log.js';
import { auditEventTypes } from '../model/audit-event.js';
import { nextCursorProperty, pageParameters } from '../http/answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  integerOf,
  namedObject,
  nullable,
  oneOf,
  principalNameOf,
  ref,
  sha256Of,
  textOf,
  viewOf,
} from '../http/schemas/schema-parts.js';

const AuditEventSchema = namedObject('AuditEvent', 'One event of the append-only chain.', {
  seq: integerOf('1, 2, 3 … without gaps.', 42, { minimum: 1 }),
  at: instantOf('When it happened.'),
  type: oneOf(auditEventTypes, 'What happened.'),
  sentence: textOf('The event in words, for people. It is no part of the chain.', 'jane asked for 8 hours on demo', {
    maxLength: 16_384,
  }),
  principal: nullable(principalNameOf('A principal.', 'hr-system'), 'Who did it; null: kubepass itself.'),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo')),
  requestId: nullable(idOf('A certificate request.')),
  fingerprintSha256: nullable(sha256Of('A certificate’s SHA-256')),
  details: Type.Record(Type.String({ maxLength: 256 }), Type.Unknown(), {
    description: 'More about the event; its members depend on `type`.',
  }),
  previousHash: sha256Of('Hash of the event before; 64 zeros before the first'),
  hash: sha256Of('SHA-256 of `previousHash` and the canonical event (RFC 8785)'),
});
export type AuditEventBody = Static<typeof AuditEventSchema>;

export const AuditEventListSchema = namedObject('AuditEventList', 'Audit events.', {
  items: Type.Array(ref(AuditEventSchema), { maxItems: 500 }),
  nextCursor: nextCursorProperty,
  firstSeq: integerOf(
    'The first event that is not in an archive. A list that goes on from a cursor before it goes on here: events between are in archives.',
    1,
    { minimum: 1 },
  ),
});

export const ChainVerificationSchema = namedObject('ChainVerification', 'The result of checking the chain.', {
  valid: Type.Boolean({
    description: 'Whether the chain is intact from the first event that is not in an archive to the last.',
  }),
  events: integerOf('How many events are intact, from the first on.', 42, { minimum: 0 }),
  archivedEvents: integerOf(
    'How many of these are in archives, and were not checked here: `kubepass-verify` does that.',
    0,
    { minimum: 0 },
  ),
  head: sha256Of('Hash of the last event; 64 zeros for an empty log'),
  firstInvalidSeq: nullable(
    Type.Integer({ minimum: 0 }),
    'The first event at which the chain is broken; null if it is intact.',
  ),
});

/** 2^53 - 1 */
const largestSize = 9_007_199_254_740_991;

export const AuditEventQuerySchema = closed({
  type: Type.Optional(oneOf(auditEventTypes, 'Only events of this type.')),
  principal: Type.Optional(principalNameOf('Only events caused by this principal.', 'hr-system')),
  username: Type.Optional(
    principalNameOf(
      'Only events about this username: its requests, certificates and blocks, and groups that it came into or left.',
      'jane@corp.example',
    ),
  ),
  cluster: Type.Optional(dnsLabelOf('Only events about this cluster.', 'demo')),
  requestId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'Only events about this certificate request.' }),
  ),
  fingerprintSha256: Type.Optional(sha256Of('Only events about the certificate with this SHA-256')),
  after: Type.Optional(instantOf('Only events after this instant.')),
  before: Type.Optional(instantOf('Only events before this instant.')),
  afterSeq: Type.Optional(
    integerOf('Only events with a larger `seq`, for following.', 42, { minimum: 0, maximum: largestSize }),
  ),
  order: Type.Optional(oneOf(['newest'], 'Newest first; by default oldest first, as exports always are.')),
  hashes: Type.Optional(
    oneOf(
      ['true', 'false'],
      'With an export: each line has the event with its two hashes, and the last line the last checkpoint. It goes without filters.',
    ),
  ),
  ...pageParameters,
});

/** A checkpoint as C2SP tlog-checkpoint has it. */
export const exampleNote = `kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f
42
LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=

— kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f jzpRwm…
`;

/** The parts of a checkpoint, and its signed note. */
export const checkpointProperties = {
  origin: textOf(
    'The name of the log, which stands in the first line of the checkpoint.',
    'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f',
    { maxLength: 255 },
  ),
  size: integerOf('It vouches for the events 1 to `size`.', 42, { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  root: textOf(
    'The hash of the Merkle tree of these events (RFC 6962): base64 of 32 octets.',
    'LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=',
    { minLength: 44, maxLength: 44 },
  ),
  checkpoint: textOf('The signed note, which `kubepass-verify --checkpoint` takes: keep it as a file.', exampleNote, {
    maxLength: 8192,
  }),
};

export const CheckpointSchema = namedObject('Checkpoint', 'A signed checkpoint of the audit log.', {
  ...checkpointProperties,
  signedAt: instantOf('When it was signed.'),
});

const base64Hashes = (description: string) =>
  Type.Array(
    Type.String({
      minLength: 44,
      maxLength: 44,
      pattern: '^[A-Za-z0-9+/]{43}=$',
      examples: ['LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564='],
    }),
    { maxItems: 128, description },
  );
const sizeOf = (description: string, example = 42) =>
  integerOf(description, example, { minimum: 0, maximum: largestSize });

export const InclusionProofSchema = namedObject('InclusionProof', 'Proves that an event is in the log.', {
  size: sizeOf('The size of the log that the proof is for.'),
  index: sizeOf('The place of the event among the leaves: its number less 1.'),
  hashes: base64Hashes('32 octets each, base64, in the order of RFC 9162 section 2.1.3.'),
});

export const ConsistencyProofSchema = namedObject(
  'ConsistencyProof',
  'Proves that the log was only added to between two sizes.',
  {
    size: sizeOf('The larger size.'),
    hashes: base64Hashes('32 octets each, base64, in the order of RFC 9162 section 2.1.4.'),
  },
);

const CheckpointKeySchema = namedObject('CheckpointKey', 'A key that signs checkpoints, or did.', {
  key: textOf(
    'The public key as C2SP signed-note has it; `kubepass-verify --key` takes it.',
    'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f+8f3a51c2+AVqFQm1LJ2bKkVbWqkn4hFb1u0cG0Jw7f2oUPnLk0c0H',
    { minLength: 1, maxLength: 512 },
  ),
  validFrom: instantOf('When it was added.'),
  validUntil: nullable(instantOf('When it was taken away.'), 'When it was taken away; null while it signs.'),
});

export const CheckpointKeyListSchema = namedObject('CheckpointKeyList', 'The keys, oldest first.', {
  items: Type.Array(ref(CheckpointKeySchema), { maxItems: 10_000 }),
});

export const EventParamsSchema = closed({
  seq: integerOf('The number of an event.', 1, { minimum: 1, maximum: largestSize }),
});

export const InclusionQuerySchema = closed({
  size: Type.Optional(sizeOf('The size of the log; default: that of the last checkpoint.')),
});

export const ConsistencyQuerySchema = closed({
  from: sizeOf('The smaller size.', 1),
  to: sizeOf('The larger size.', 2),
});

export const auditEventView = viewOf(AuditEventSchema);

const shownCheckpoint = viewOf(CheckpointSchema);
export const checkpointView = ({ size, root, note, signedAt }: LastCheckpoint) =>
  shownCheckpoint({
    ...{ size, signedAt, checkpoint: note },
    origin: note.slice(0, note.indexOf('\n')),
    root: root.toString('base64'),
  });
