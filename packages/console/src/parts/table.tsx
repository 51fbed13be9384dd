import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useSteps } from './use-steps.js';

interface TableParts {
  readonly label: string;
  /** The headings; `''` is for a column of buttons. */
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

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
