import type { FastifyReply } from 'fastify';
import {
  listCheckpointKeys,
  type LogProof,
  proveConsistency,
  proveInclusion,
  type ProvingContext,
  readCheckpoint,
} from './prove-log.js';
import {
  type AuditExport,
  exportAuditEvents,
  exportWithHashes,
  listAuditEvents,
  type SharedVerification,
  verifyAuditLog,
} from './read-audit-events.js';
import { instantInQuery } from '../http/hooks/request-input.js';
import { pageBody, pageHeaders, pageQuery } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { invalidRequest, ProblemError } from '../http/problems/problem.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, longest, operation, response, textBody, sendTexts } from '../http/answers/responses.js';
import { ref, viewOf } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import * as schemas from './audit-event-schemas.js';
import { auditEventView } from './audit-event-schemas.js';

const ndjson = 'application/x-ndjson';

const exampleLine =
  '{"at":"2026-03-01T09:30:00.000Z","cluster":"demo","details":{"groups":["team-a"],"username":"jane@corp.example"},…}\n';

export interface AuditEventsContext extends ProvingContext {
  readonly verification: Pick<SharedVerification, 'verify'>;
}

export function addAuditEvents(app: App, context: AuditEventsContext): void {
  app.get(
    '/audit-events',
    operation({
      config: { action: 'read-audit-events', produces: ['application/json', ndjson] },
      operationId: 'listAuditEvents',
      tags: ['audit'],
      summary: 'Read or export the audit log',
      description: `As JSON the log is read page by page. \`${ndjson}\` exports every matching event and ignores \`limit\`, \`cursor\` and \`order\`. Events that were archived are in neither: \`firstSeq\`, and the header \`Kubepass-First-Seq\` of an export, say where the rest begins.`,
      querystring: schemas.AuditEventQuerySchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.AuditEventListSchema),
            [ndjson]: textBody(
              'One canonical event (RFC 8785) on each line: exactly the bytes that the hash chain covers. With `hashes=true` a line is `{"event", "previousHash", "hash"}`, and the last one `{"checkpoint"}`: `kubepass-verify` checks either.',
              exampleLine,
              longest.streamed,
            ),
          },
          {
            description: 'Events, oldest first unless `order` says otherwise.',
            headers: { ...pageHeaders, [firstSeqHeader]: exportedFrom },
          },
        ),
      },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, hashes = 'false', order, after, before, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(after !== undefined && { after: instantInQuery('after', after) }),
        ...(before !== undefined && { before: instantInQuery('before', before) }),
      };
      if (hashes === 'true') {
        if (request.answerType !== ndjson || Object.keys(filter).length > 0)
          throw new ProblemError(onlyForWholeExports);
        return sendExport(reply, granted(await exportWithHashes(context, callerOf(request))));
      }
      if (request.answerType === ndjson)
        return sendExport(reply, granted(await exportAuditEvents(context, callerOf(request), filter)));
      const ordered = { ...filter, ...(order && { order }) };
      const page = granted(await listAuditEvents(context, callerOf(request), ordered, pageQuery(request.query)));
      return { ...pageBody(request, reply, page, auditEventView), firstSeq: page.firstSeq };
    },
  );

  app.get(
    '/audit-events/verification',
    operation({
      config: { action: 'read-audit-events' },
      operationId: 'verifyAuditEvents',
      tags: ['audit'],
      summary: 'Check the hash chain of the audit log',
      description:
        'Computes every hash in the database anew, without keeping other callers waiting. `kubepass-verify` checks archives.',
      response: {
        200: json(schemas.ChainVerificationSchema, {
          description: 'The result of the check.',
        }),
      },
    }),
    async (request) => granted(await verifyAuditLog(context, callerOf(request))),
  );
}

const onlyForWholeExports = invalidRequest([
  { pointer: '/query/hashes', message: `goes with Accept: ${ndjson} and without filters` },
]);

/** Where an export begins. */
const firstSeqHeader = 'Kubepass-First-Seq';
const exportedFrom = 'With an export: the first event that is not in an archive.';

const sendExport = (reply: FastifyReply, { firstSeq, lines: all }: AuditExport): FastifyReply =>
  sendTexts(reply.header(firstSeqHeader, String(firstSeq)), ndjson, lines(all), () => undefined);

/** Characters that are sent together. */
const sentTogether = 64 * 1024;

async function* lines(events: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let text = '';
  for await (const event of events) {
    text += `${event}\n`;
    if (text.length < sentTogether) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/**
 * Lets others prove what the log was like, without trust in whoever keeps it. `addAuditEvents` registers the schemas.
 */
export function addEvidence(app: App, context: ProvingContext): void {
  app.get(
    '/audit-events/checkpoint',
    operation({
      config: { action: 'read-audit-events', produces: ['application/json', 'text/plain'] },
      operationId: 'getCheckpoint',
      tags: ['operators'],
      summary: 'Read the last checkpoint of the audit log',
      description:
        'A signed note (C2SP tlog-checkpoint) and what it says. Keep the note outside: it shows later whether the log was ' +
        'changed.',
      response: {
        200: response(
          {
            'application/json': ref(schemas.CheckpointSchema),
            'text/plain': textBody('The signed note alone.', schemas.exampleNote),
          },
          { description: 'The checkpoint.' },
        ),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const checkpoint = granted(await readCheckpoint(context, callerOf(request)));
      return request.answerType === 'text/plain'
        ? reply.type('text/plain; charset=utf-8').send(checkpoint.note)
        : schemas.checkpointView(checkpoint);
    },
  );

  app.get(
    '/audit-events/checkpoint-keys',
    operation({
      config: { action: 'read-audit-events' },
      operationId: 'listCheckpointKeys',
      tags: ['operators'],
      summary: 'List the public keys that sign checkpoints',
      description: 'Each key is recorded in the audit log when it is added: `CheckpointKeyAdded`.',
      response: {
        200: json(schemas.CheckpointKeyListSchema, {
          description: 'The keys, oldest first.',
        }),
      },
    }),
    async (request) => checkpointKeysView({ items: granted(await listCheckpointKeys(context, callerOf(request))) }),
  );

  app.get(
    '/audit-events/:seq/proof',
    operation({
      config: { action: 'read-audit-events' },
      operationId: 'proveAuditEvent',
      tags: ['audit'],
      summary: 'Prove that an event is in the audit log',
      description: 'The hashes lead from the event’s canonical line to the root that a checkpoint of this size has.',
      params: schemas.EventParamsSchema,
      querystring: schemas.InclusionQuerySchema,
      response: { 200: json(schemas.InclusionProofSchema, { description: 'The proof.' }) },
    }),
    async (request) => {
      const { seq } = request.params;
      const proof = granted(await proveInclusion(context, callerOf(request), seq, request.query.size));
      return { size: proof.size, index: proof.index, hashes: inBase64(proof) };
    },
  );

  app.get(
    '/audit-events/consistency',
    operation({
      config: { action: 'read-audit-events' },
      operationId: 'proveConsistency',
      tags: ['operators'],
      summary: 'Prove that the audit log was only added to',
      description: 'The hashes lead from the root of the smaller log to that of the larger one.',
      querystring: schemas.ConsistencyQuerySchema,
      response: { 200: json(schemas.ConsistencyProofSchema, { description: 'The proof.' }) },
    }),
    async (request) => {
      const { from, to } = request.query;
      const proof = granted(await proveConsistency(context, callerOf(request), from, to));
      return { size: proof.size, hashes: inBase64(proof) };
    },
  );
}

const checkpointKeysView = viewOf(schemas.CheckpointKeyListSchema);

const inBase64 = ({ hashes }: LogProof): string[] => hashes.map((hash) => Buffer.from(hash).toString('base64'));
