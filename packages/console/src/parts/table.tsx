import type { ComponentChildren, RenderableProps } from 'preact';
import { useRef } from 'preact/hooks';
import { useSteps } from './keys.js';

/** `columns`: the headings; `''` is for a column of buttons. */
type TableParts = RenderableProps<{ readonly label: string; readonly columns: readonly string[] }>;

/** A table in an area of its own that may scroll sideways. `j` and `k` go through the links of its rows. */
export function Table({ label, columns, children }: TableParts) {
  const body = useRef<HTMLTableSectionElement>(null);
  useSteps(body, 'th a');
  return (
    <div class="table" tabIndex={0} role="region" aria-label={label}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name || <span class="hidden">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>{children}</tbody>
      </table>
    </div>
  );
}

/** Heads of columns, and the cells below them. The first one names the row; one without a head has buttons. */
export type Cells<T> = Readonly<Record<string, (row: T) => ComponentChildren>>;

interface ColumnsParts<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly cells: Cells<T>;
}

/** A table whose rows are alike. */
export const Columns = <T extends { readonly id: string }>({ label, rows, cells }: ColumnsParts<T>) => (
  <Table label={label} columns={Object.keys(cells)}>
    {rows.map((row) => (
      <tr key={row.id}>
        {Object.entries(cells).map(([name, cell], i) =>
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
