import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';

/**
 * Fastify's own lines about requests are left out: they carry the whole URL, and `logRequests` writes one line for
 * each answer. What it says about answers that break off stays.
 */
export class QuietLogController extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }
  override incomingRequest(): void {
    // `logRequests` writes one line when the answer has left.
  }
  override requestCompleted(): void {
    // As above.
  }
  override routeNotFound(): void {
    // As above.
  }
  override defaultErrorLog(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ err: error }, 'request failed');
  }
}
