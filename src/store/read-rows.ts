import type { Statement } from './statement.js';

/**
 * Answers the rows that a statement finds. For what is read so often, or so much at a time, that Prisma would take more
 * of the event loop than the reading itself.
 */
export type ReadRows = (statement: Pick<Statement, 'sql' | 'parameters'>) => Promise<readonly unknown[]>;
