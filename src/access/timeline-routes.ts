import { Type } from 'typebox';
import { readTimeline } from './read-identities.js';
import { linkToNext, nextCursorProperty, pageHeaders } from '../http/answers/page-schemas.js';
import { json, operation } from '../http/answers/responses.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import {
  closed,
  dnsLabelOf,
  integerOf,
  namedObject,
  nameOf,
  nullable,
  principalNameOf,
} from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { identityFilterIn } from './identity-routes.js';
import { IdentityQuerySchema } from './identity-schemas.js';
import type { Context } from '../context/context.js';

const mostBars = 10_000;
const indexOf = (more = {}) => Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, ...more });
const secondsOf = (description: string) => Type.Integer({ minimum: 0, maximum: 2 ** 40, format: 'int64', description });

/** A tuple is half as long as an object with names. */
type Bar = readonly [number, number, number, 0 | 1 | 2, readonly number[], string];
const BarSchema = Type.Unsafe<Bar>({
  type: 'array',
  prefixItems: [
    indexOf({ description: 'The cluster.' }),
    secondsOf('`notBefore`.'),
    secondsOf('`notAfter`.'),
    indexOf({ maximum: 2, description: '0: valid; 1: superseded; 2: revoked, and not refused everywhere.' }),
    { type: 'array', items: indexOf(), maxItems: 32, description: 'The groups.' },
    { type: 'string', maxLength: 64, pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the certificate.' },
  ],
  // No further items: `maxItems` says so, and tools want a schema here.
  items: {},
  minItems: 6,
  maxItems: 6,
  examples: [[0, 1772357400, 1772443800, 0, [0], 'a'.repeat(64)]],
});

const TimelineSchema = namedObject('Timeline', 'Who has access until when.', {
  clusters: Type.Array(dnsLabelOf('A cluster.', 'demo'), { maxItems: 1000 }),
  groups: Type.Array(nameOf('A group.', 'team-a'), { maxItems: mostBars * 32 }),
  items: Type.Array(
    closed({
      username: principalNameOf('The username.', 'jane@corp.example'),
      blocked: Type.Boolean(),
      bars: Type.Array(BarSchema, { maxItems: 1000, description: 'Those first that end first.' }),
      omitted: integerOf('How many more certificates the identity has; 10,000: so many, or more.', 0, {
        minimum: 0,
        maximum: 10_000,
      }),
      cursor: nullable(
        Type.String({
          maxLength: 1024,
          description: 'Reads the next certificates of this identity.',
          examples: ['WyJ0aW1l'],
        }),
        'Null where no certificate is left out.',
      ),
    }),
    { maxItems: mostBars, description: 'By username.' },
  ),
  nextCursor: nextCursorProperty,
});

const { residualExposure: _, ...identityQuery } = IdentityQuerySchema.properties;

export function addTimeline(app: App, context: Context): void {
  app.get(
    '/timeline',
    operation({
      config: { action: 'read-identities' },
      operationId: 'readTimeline',
      tags: ['identities'],
      summary: 'Read who has access until when',
      description:
        'Needs the role provisioner, auditor or admin. Certificates that still work, by identity: a tuple for each, ' +
        'with indexes into `clusters` and `groups`, and seconds since 1970. Filters are those of `GET /v1/identities`. ' +
        'An identity has at most 1,000 of them on a page; its own `cursor` in place of `nextCursor` reads the next ones.',
      querystring: closed({
        ...identityQuery,
        limit: Type.Optional(
          integerOf('How many certificates at most, unless one identity has more; default 1000.', 1000, {
            minimum: 1,
            maximum: mostBars,
          }),
        ),
      }),
      response: { 200: json(TimelineSchema, { description: 'A page.', headers: pageHeaders }) },
    }),
    async (request, reply) => {
      const { limit = 1000, cursor = null } = request.query;
      const filter = identityFilterIn(request.query);
      const page = granted(await readTimeline(context, callerOf(request), filter, { limit, cursor }));
      linkToNext(request, reply, page.nextCursor);
      const [clusters, groups] = [new Map<string, number>(), new Map<string, number>()];
      const items = page.items.map(({ bars, ...identity }) => ({
        ...identity,
        bars: bars.map((bar): Bar => [
          placeIn(clusters, bar.cluster),
          Math.floor(bar.notBefore.getTime() / 1000),
          Math.floor(bar.notAfter.getTime() / 1000),
          bar.isRevoked ? 2 : bar.isSuperseded ? 1 : 0,
          bar.groups.map((group) => placeIn(groups, group)),
          bar.fingerprintSha256,
        ]),
      }));
      return { clusters: [...clusters.keys()], groups: [...groups.keys()], items, nextCursor: page.nextCursor };
    },
  );
}

/** The place of a text among those that came. */
function placeIn(places: Map<string, number>, text: string): number {
  const place = places.get(text) ?? places.size;
  places.set(text, place);
  return place;
}
