import pg from 'pg';
import { StoreUnavailableError } from '../../model/errors.js';

/** SQLSTATEs that mean that the connection is lost or was refused: PostgreSQL, appendix A. */
const lostStates = /^(08...|57P0[1-5]|25P03|53300)$/;

/**
 * Whether an error leaves it open whether the statement was executed: the connection broke, timed out or was closed by
 * the server. Every other error of PostgreSQL means that the statement was not executed.
 */
export const isLost = (error: unknown): boolean => !(error instanceof pg.DatabaseError) || hasLostState(error.code);

const hasLostState = (code: string | undefined): boolean => code !== undefined && lostStates.test(code);

/** SQLSTATE 23505. */
export const isUniqueViolation = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code === '23505';

/**
 * Whether the error is about a value of one step: classes 22, 23 and 54 are data exceptions, broken constraints and
 * limits such as the size of an index entry. A failure of PostgreSQL itself (disk full, no such table) concerns all
 * steps of the transaction.
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
  // The Unix socket does not exist.
  'ENOENT',
]);

/** Whether the error, or one of its causes, means that the database cannot be reached now; also in Prisma's forms. */
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

/** Prisma puts the error of its adapter into `meta`. */
const causeOf = ({ cause, meta }: Telling): unknown =>
  cause ?? (isTelling(meta) ? (meta as { readonly driverAdapterError?: unknown }).driverAdapterError : undefined);

const isAwayCode = (code: unknown): boolean =>
  typeof code === 'string' && (networkCodes.has(code) || lostStates.test(code) || prismaCodes.has(code));

/** The messages of `pg`'s errors without a code. */
const pgMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded when trying to connect|Query read timeout)/;
/** Prisma's codes for: server not reachable, timeout, connection closed, no free connection. */
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024']);
const prismaKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

export const unreachable = (cause: unknown): StoreUnavailableError =>
  new StoreUnavailableError('the database cannot be reached', { cause });
