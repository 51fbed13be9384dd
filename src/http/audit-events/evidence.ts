import type { LogProof } from '../../evidence/audit-event-service.js';
import type { Services } from '../server/services.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { json, problems, response, textBody } from '../answers/responses.js';
import type { App } from '../server/types.js';
import * as schemas from './schemas.js';

/** A checkpoint as C2SP tlog-checkpoint has it. */
const exampleNote = `kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f
42
LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=

— kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f jzpRwm…
`;

/**
 * Lets others prove what the log was like, without trust in whoever keeps it. `addAuditEvents` registers the schemas.
 */
export function addEvidence(app: App, { auditEvents }: Services): void {
  app.get(
    '/audit-events/checkpoint',
    {
      config: { action: 'read-audit-events', produces: ['text/plain'] },
      schema: {
        operationId: 'getCheckpoint',
        tags: ['audit'],
        summary: 'Read the last checkpoint of the audit log',
        description:
          'A signed note (C2SP tlog-checkpoint): the log’s name, its size, and the hash of the Merkle tree of its events ' +
          '(RFC 6962). Keep it outside: a kept checkpoint shows later whether the log was changed.',
        response: {
          200: response(
            { 'text/plain': textBody('The signed note.', exampleNote) },
            { description: 'The checkpoint.' },
          ),
          ...problems('not-permitted', 'not-found'),
        },
      },
    },
    async (request, reply) =>
      reply.type('text/plain; charset=utf-8').send(granted(await auditEvents.checkpoint(callerOf(request)))),
  );

  app.get(
    '/audit-events/checkpoint-keys',
    {
      config: { action: 'read-audit-events' },
      schema: {
        operationId: 'listCheckpointKeys',
        tags: ['audit'],
        summary: 'List the public keys that sign checkpoints',
        description: 'Each key is recorded in the audit log when it is added: `CheckpointKeyAdded`.',
        response: {
          200: json(schemas.CheckpointKeyListSchema, {
            description: 'The keys, oldest first.',
            example: { items: [{ validUntil: null }] },
          }),
          ...problems('not-permitted'),
        },
      },
    },
    async (request) => {
      const keys = granted(await auditEvents.checkpointKeys(callerOf(request)));
      return {
        items: keys.map(({ key, validFrom, validUntil }) => ({
          key,
          validFrom: validFrom.toISOString(),
          validUntil: validUntil?.toISOString() ?? null,
        })),
      };
    },
  );

  app.get(
    '/audit-events/:seq/proof',
    {
      config: { action: 'read-audit-events' },
      schema: {
        operationId: 'proveAuditEvent',
        tags: ['audit'],
        summary: 'Prove that an event is in the audit log',
        description: 'The hashes lead from the event’s canonical line to the root that a checkpoint of this size has.',
        params: schemas.EventParamsSchema,
        querystring: schemas.InclusionQuerySchema,
        response: {
          200: json(schemas.InclusionProofSchema, { description: 'The proof.', example: { index: 0 } }),
          ...problems('not-permitted'),
        },
      },
    },
    async (request) => {
      const { seq } = request.params;
      const proof = granted(await auditEvents.inclusionProof(callerOf(request), seq, request.query.size));
      return { size: proof.size, index: proof.index, hashes: inBase64(proof) };
    },
  );

  app.get(
    '/audit-events/consistency',
    {
      config: { action: 'read-audit-events' },
      schema: {
        operationId: 'proveConsistency',
        tags: ['audit'],
        summary: 'Prove that the audit log was only added to',
        description: 'The hashes lead from the root of the smaller log to that of the larger one.',
        querystring: schemas.ConsistencyQuerySchema,
        response: {
          200: json(schemas.ConsistencyProofSchema, { description: 'The proof.' }),
          ...problems('not-permitted'),
        },
      },
    },
    async (request) => {
      const { from, to } = request.query;
      const proof = granted(await auditEvents.consistencyProof(callerOf(request), from, to));
      return { size: proof.size, hashes: inBase64(proof) };
    },
  );
}

const inBase64 = ({ hashes }: LogProof): string[] => hashes.map((hash) => Buffer.from(hash).toString('base64'));
