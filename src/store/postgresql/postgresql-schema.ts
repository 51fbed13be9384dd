import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedMigrations } from '../migrations.js';
import { whyNotSchema, type SchemaObjects } from '../schema-objects.js';
import { clientConfig, connect } from './connect.js';

/** Its triggers and functions. A test compares the file with a database that the migrations made. */
export const schemaObjectsFile = join(shippedMigrations('postgresql'), 'schema-objects.json');

/** Why a database has not the triggers and functions of this version's schema, as `whyNotSchema`; null: it has. */
export async function whyNotPostgresqlSchema(databaseUrl: string): Promise<string | null> {
  const made = JSON.parse(readFileSync(schemaObjectsFile, 'utf8')) as Readonly<Record<string, string>>;
  return whyNotSchema(new Map(Object.entries(made)), await schemaObjectsOf(databaseUrl));
}

/** A trigger may be there and disabled, and the text of a function is of no use where its rights are others. */
export async function schemaObjectsOf(databaseUrl: string): Promise<SchemaObjects> {
  const client = await connect(clientConfig(databaseUrl));
  try {
    const { rows } = await client.query<[string, string]>({
      text: `SELECT 'trigger ' || tgname || ' of ' || relname, concat_ws(' enabled: ', pg_get_triggerdef(t.oid), tgenabled)
          FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
          WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('function %s(%s)', proname, pg_get_function_arguments(oid)), concat_ws(' ', prosecdef, proconfig, prosrc)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
      rowMode: 'array',
    });
    return new Map(rows);
  } finally {
    await client.end();
  }
}
