import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedMigrations } from '../migrations.js';
import { whyOther, type SchemaObject } from '../schema-objects.js';
import type { ReadRows } from '../statement.js';

/**
 * Triggers and functions. A trigger may be there and disabled, and a function with the same text may have other rights.
 */
export const schemaObjectsSql = `SELECT 'trigger ' || tgname || ' of ' || relname AS "object",
    concat_ws(' enabled: ', pg_get_triggerdef(t.oid), tgenabled) AS "definition"
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
  WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('function %s(%s)', proname, pg_get_function_arguments(oid)), concat_ws(' ', prosecdef, proconfig, prosrc)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`;

/** The schema objects that the migrations make. A test compares the file with a database. */
export const schemaObjectsFile = join(shippedMigrations('postgresql'), 'schema-objects.json');

/** As `Store.whyNotSchema`. */
export async function whyNotPostgresqlSchema(readRows: ReadRows): Promise<string | null> {
  const found = (await readRows({ sql: schemaObjectsSql, parameters: [] })) as readonly SchemaObject[];
  return whyOther(found, JSON.parse(readFileSync(schemaObjectsFile, 'utf8')) as readonly SchemaObject[]);
}
