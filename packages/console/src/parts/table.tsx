import type { ComponentChildren } from 'preact';

interface TableParts {
  readonly label: string;
  /** The headings; `''` is for a column of buttons. */
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

/** A table in an area of its own that may scroll sideways. */
export const Table = ({ label, columns, children }: TableParts) => (
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
      <tbody>{children}</tbody>
    </table>
  </div>
);
