import type { QueryConfig } from 'pg';
import type { ColumnValue } from '../columns.js';
import type { Statement } from '../statement.js';
import { jsonWithoutNul, withoutNul } from './nul.js';

/** A statement as `pg` takes it: with numbered parameters, and by a name under which it is prepared once a connection. */
export function queryOf({ sql, parameters }: Pick<Statement, 'sql' | 'parameters'>): QueryConfig {
  let named = namedBySql.get(sql);
  if (!named) {
    let parameter = 0;
    // No text of ours has a question mark that is not a parameter.
    const text = sql.replace(/\?/g, () => `$${String(++parameter)}`);
    named = { name: `kubepass_${String(namedBySql.size)}`, text };
    namedBySql.set(sql, named);
  }
  return { ...named, values: parameters.map(bind) };
}

/** There are as many as forms of operations, a few dozen: what callers send is in parameters. */
const namedBySql = new Map<string, { readonly name: string; readonly text: string }>();

/** A column's value as it is sent; each is read as the type of its column. */
function bind(value: ColumnValue): unknown {
  // The columns are TIMESTAMP: UTC, which nothing converts.
  if (value instanceof Date) return value.toISOString().slice(0, -1);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'object' && value !== null) return jsonWithoutNul(value);
  return typeof value === 'string' ? withoutNul(value) : value;
}
