import type { ComponentChildren } from 'preact';
import { Table } from './table.js';

/** The head of a column, and its cell for a row. The first one names the row; one without a head has buttons. */
export type Column<T> = readonly [name: string, cell: (row: T) => ComponentChildren];

interface ColumnsParts<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
}

/** A table whose rows are alike. */
export const Columns = <T extends { readonly id: string }>({ label, rows, columns }: ColumnsParts<T>) => (
  <Table label={label} columns={columns.map(([name]) => name)}>
    {rows.map((row) => (
      <tr key={row.id}>
        {columns.map(([name, cell], i) =>
          i === 0 ? (
            <th key={name} scope="row">
              {cell(row)}
            </th>
          ) : (
            <td key={name} {...(name === '' ? { class: 'short' } : { 'data-label': name })}>
              {cell(row)}
            </td>
          ),
        )}
      </tr>
    ))}
  </Table>
);
