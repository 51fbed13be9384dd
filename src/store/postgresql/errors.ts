import pg from 'pg';
import { StoreUnavailableError } from '../../model/errors.js';

/** SQLSTATEs after which the connection is gone, or there never was one: PostgreSQL's appendix A. */
const lostStates = /^(08...|57P0[1-5]|25P03|53300)$/;

/**
 * Whether an error leaves open what became of what was sent: the connection broke, timed out or was ended by the
 * server. Every other answer of PostgreSQL says for certain that a statement was not done.
 */
export const isLost = (error: unknown): boolean => !(error instanceof pg.DatabaseError) || hasLostState(error.code);

const hasLostState = (code: string | undefined): boolean => code !== undefined && lostStates.test(code);

/** SQLSTATE 23505. */
export const isUniqueViolation = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code === '23505';

/**
 * A step may ask for what cannot be stored (classes 22, 23 and 54: data exceptions, broken constraints, limits such as
 * that of what an index holds); what PostgreSQL itself could not do (disk full, no such table) concerns all that share
 * the transaction.
 */
export const concernsOneStep = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && /^(2[23]|54)/.test(error.code ?? '');

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // There is no Unix socket.
  'ENOENT',
]);

/** Whether the error, or what caused it, is that the database cannot be reached now; also as Prisma tells it. */
export function isUnreachable(error: unknown): boolean {
  for (let told = error, depth = 0; isTelling(told) && depth < 8; told = causeOf(told), depth++) {
    const { code, originalCode, kind, message } = told;
    if (isAwayCode(code) || isAwayCode(originalCode)) return true;
    if (typeof kind === 'string' && prismaKinds.has(kind)) return true;
    if (typeof message === 'string' && pgMessages.test(message)) return true;
  }
  return false;
}

type Telling = Readonly<Partial<Record<'code' | 'originalCode' | 'kind' | 'message' | 'cause' | 'meta', unknown>>>;

const isTelling = (value: unknown): value is Telling => typeof value === 'object' && value !== null;

/** Prisma hands on what its adapter threw in `meta`. */
const causeOf = ({ cause, meta }: Telling): unknown =>
  cause ?? (isTelling(meta) ? (meta as { readonly driverAdapterError?: unknown }).driverAdapterError : undefined);

const isAwayCode = (code: unknown): boolean =>
  typeof code === 'string' && (networkCodes.has(code) || lostStates.test(code) || prismaCodes.has(code));

/** Errors of `pg` that have no code. */
const pgMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded when trying to connect|Query read timeout)/;
/** Prisma: cannot reach the server, timed out, connection closed, no connection free. */
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);
const prismaKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

export const unreachable = (cause: unknown): StoreUnavailableError =>
  new StoreUnavailableError('the database cannot be reached', { cause });
