import { sqliteDialect } from '../../src/store/sqlite/sqlite-statements.js';
import type { Statement } from '../../src/store/steps/statement.js';
import type { Step, Write } from '../../src/store/steps/step.js';

/** The statements of an operation, as SQLite executes them. */
export const statementsOf = (operation: Write): readonly Statement[] => [operation.statements(sqliteDialect)].flat();

/** The SQL of an operation with its parameters. */
export const sqlOf = (operation: Write): readonly Pick<Statement, 'sql' | 'parameters'>[] =>
  statementsOf(operation).map(({ sql, parameters }) => ({ sql, parameters }));

/** Whether a statement of the step has this part in its SQL. */
export const executes = ({ operations }: Pick<Step, 'operations'>, part: string): boolean =>
  operations.some((operation) => statementsOf(operation).some(({ sql }) => sql.includes(part)));
