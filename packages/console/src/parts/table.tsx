import type { ComponentChildren } from 'preact';

/** A table in an area that may scroll sideways. `label` names both. A column `''` has buttons alone. */
export const Table = ({
  label,
  columns,
  children,
}: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}) => (
  <div class="table" tabIndex={0} role="region" aria-label={label}>
    <table aria-label={label}>
      <thead>
        <tr>
          {columns.map((name) => (
            <th key={name} scope="col">
              {name || <span class="hidden">Do</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
