import type pg from 'pg';
import { type ColumnValue, hexText, insertInto, type Row } from '../steps/statement.js';
import type { MovingDatabase, OldRow } from '../moving/moving-database.js';

/** Rows travel as JSON, both ways: each value has the form that PostgreSQL gives it there. */
export function movingPostgresql(client: pg.Client): MovingDatabase {
  return {
    async transaction(work) {
      await client.query('BEGIN');
      try {
        await work();
        await client.query('COMMIT');
      } catch (error) {
        // The error is the news, also where the connection is lost.
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    },
    async select(sql, parameters = []) {
      const { rows } = await client.query<{ row: OldRow }>(
        `SELECT to_json("r") AS "row" FROM (${numbered(sql)}) AS "r"`,
        [...parameters],
      );
      return rows.map(({ row }) => row);
    },
    async execute(sql) {
      await client.query(sql);
    },
    async insert(table, rows, existing) {
      const [first] = rows;
      if (!first) return;
      const sql = insertInto(table, first).many?.sql ?? '';
      await client.query(numbered(existing ? `${sql} ON CONFLICT DO NOTHING` : sql), [
        JSON.stringify(rows.map(jsonRow)),
      ]);
    },
    async requestNumbers(ids) {
      const { rows } = await client.query<{ id: Buffer; n: string }>(
        'SELECT "id", "n" FROM "RequestRecord" WHERE "id" = ANY($1::bytea[])',
        [ids],
      );
      return new Map(rows.map(({ id, n }) => [hexText(id), Number(n)]));
    },
    // "2026-03-01T10:00:00.12", in UTC
    instantOf: (value) => new Date(`${String(value)}Z`),
    octetsOf: (value) => Buffer.from(String(value).slice(2), 'hex'),
  };
}

/** New rows get the numbers behind those of the moved ones, and the planner knows the tables from the start. */
export async function afterMoving(client: pg.Client): Promise<void> {
  for (const table of ['RequestRecord', 'CertificateRecord'])
    await client.query(
      `SELECT setval(pg_get_serial_sequence('"${table}"', 'n'), COALESCE(MAX("n"), 0) + 1, false) FROM "${table}"`,
    );
  await client.query(
    'ANALYZE "Decision", "RequestRecord", "Issuer", "CertificateRecord", "GroupMembership", "AuditRecord", "AuditEventRange"',
  );
}

const numbered = (sql: string): string => {
  let parameter = 0;
  return sql.replace(/\?/g, () => `$${String(++parameter)}`);
};

const jsonRow = (row: Row): OldRow =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, jsonValue(value)]));

const jsonValue = (value: ColumnValue): unknown => {
  if (value instanceof Uint8Array) return `\\x${hexText(value)}`;
  return value instanceof Date ? value.toISOString().slice(0, -1) : value;
};
