import type { FastifyReply } from 'fastify';
import type { Refusal } from '../../model/outcome.js';
import { sendProblem } from './problem.js';
import { refusalToProblem } from './refusal-to-problem.js';

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return sendProblem(reply, refusalToProblem(refusal));
}
