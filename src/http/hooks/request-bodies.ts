import type { FastifyInstance } from 'fastify';
import { isReviewer } from '../../model/principal.js';
import { Shares } from '../../callers/shares.js';
import { problem, ProblemError, unavailable, type Problem } from '../problems/problem.js';
import { ArrivingRequest, type Unread } from '../server/arriving-request.js';
import type { App } from '../server/types.js';

/** How many octets the bodies of calls under way may have: of all callers but reviewers together, and of each name. */
export const bodyOctets = { all: 48 * 1024 * 1024, ofName: 12 * 1024 * 1024 } as const;

/** How many octets an access review is expected to have, if its headers do not say it. */
const reviewOctets = 64 * 1024;

const why: Readonly<Record<Unread, Problem>> = {
  'too-large': problem('content-too-large', 'the body is larger than this resource takes'),
  'too-many-chunks': problem('invalid-request', 'the body comes in too many small chunks'),
  'broken-off': problem('invalid-request', 'the request cannot be read'),
};
const noRoom = unavailable('the bodies of too many calls are under way; try again', 1);

/**
 * Reads the bodies of all routes. A request that is refused because of its line or its headers is answered before. A
 * body is read as a whole, and only while there is room for it: for as many octets as the headers say, else for as many
 * as the route takes. The room is free again when the call is answered, because the call keeps values of the body until
 * then. The API server of each cluster has room of its own.
 */
export function receiveBodies(app: App): void {
  const ofAll = new Shares(bodyOctets.all, bodyOctets.ofName);
  const ofClusters = new Shares(Infinity, bodyOctets.ofName);
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { raw, principal, route, mediaType = '' } = request;
    const announced = raw instanceof ArrivingRequest && !withoutBody.has(request.method) ? raw.octetsAnnounced : 0;
    if (!(raw instanceof ArrivingRequest) || announced === 0 || !takes(request.server, mediaType)) {
      done(null, payload);
      return;
    }
    const { bodyLimit: most } = route;
    const cluster = principal !== null && isReviewer(principal) ? principal.cluster : null;
    // A proxy may leave the length out, and no review of a cluster may find the room taken by small ones.
    const octets = announced ?? (cluster === null ? most : Math.min(most, reviewOctets));
    const room = cluster === null ? ofAll : ofClusters;
    const name = cluster ?? principal?.name ?? '';
    // A client may have gone while the caller was looked up. Then nothing would give the room back.
    const hasGone = reply.raw.closed || reply.raw.destroyed;
    const refused =
      octets > most ? why['too-large'] : hasGone ? why['broken-off'] : room.take(name, octets) ? null : noRoom;
    if (refused !== null) {
      done(new ProblemError(refused));
      return;
    }
    let held = octets;
    reply.raw.once('close', () => room.take(name, -held));
    raw.readBody(most, (unread) => {
      room.take(name, raw.readableLength - held);
      held = raw.readableLength;
      done(unread === null ? null : new ProblemError(why[unread]), payload);
    });
  });
}

/** The media types of bodies that a scope has taken. Fastify would parse the type anew for each request. */
const taken = new WeakMap<FastifyInstance, Set<string>>();

function takes(scope: FastifyInstance, mediaType: string): boolean {
  const known = taken.get(scope);
  if (known?.has(mediaType) === true) return true;
  // Only types with a parser of their own are kept, because a set must not grow with the types that callers write.
  if (!scope.hasContentTypeParser(mediaType)) return scope.hasContentTypeParser('');
  if (known === undefined) taken.set(scope, new Set([mediaType]));
  else known.add(mediaType);
  return true;
}

/** Sets how many octets a body may have on the routes that a scope adds later. */
export function limitBodies(scope: App, most: number): void {
  scope.addHook('onRoute', (route) => {
    route.bodyLimit = most;
  });
}

/** Methods whose bodies nobody reads (RFC 9110 9.3.1). */
const withoutBody: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE']);
