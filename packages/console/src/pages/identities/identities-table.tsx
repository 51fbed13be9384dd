import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Instant, Written } from '../../parts/bits.js';
import { Linked } from '../../parts/page.js';
import { Table } from '../../parts/table.js';
import { many } from '../../parts/words.js';
import { may } from '../../service/session.js';
import { statusOf, type Row } from './rows.js';

const portion = 100;
const iso = (instant: number): string => new Date(instant).toISOString();

interface IdentitiesTableParts {
  readonly rows: readonly Row[];
  readonly isComplete: boolean;
  readonly now: number;
}

/** The timeline as a table: a row for each certificate, and one for each blocked username without any. */
export function IdentitiesTable({ rows, isComplete, now }: IdentitiesTableParts) {
  const most = useSignal(portion);
  const all = rows.flatMap((row) =>
    (row.certificates.length > 0 ? row.certificates : [null]).map((one) => ({ ...row, one })),
  );
  const shown = all.slice(0, most.value);
  return (
    <>
      <Table label="Certificates by identity" columns={['Username', 'Cluster', 'Groups', 'Status', 'From', 'Until']}>
        {shown.map(({ key, username, cluster, isBlocked, one }) => (
          <tr key={one?.fingerprint ?? key}>
            <th scope="row">
              <a href={addresses.identity(username)}>
                <Written text={username} />
              </a>
              {isBlocked && <span class="blocked"> blocked</span>}
            </th>
            <td class="short">{cluster}</td>
            <td>{one && <Written text={one.groups.join(', ')} />}</td>
            <td class="short">
              <Linked
                href={addresses.certificate(one?.fingerprint ?? '')}
                when={one !== null && may('read-all-certificates')}
              >
                {one ? statusOf(one, now) : 'no live certificate'}
              </Linked>
            </td>
            <td class="short">{one && <Instant of={iso(one.from)} />}</td>
            <td class="short">{one && <Instant of={iso(one.to)} />}</td>
          </tr>
        ))}
      </Table>
      {shown.length < all.length && (
        <>
          <p class="quiet">
            {shown.length} of {many(all.length, 'row', !isComplete)} are shown and printed.
          </p>
          <p class="buttons">
            <button type="button" onClick={() => (most.value += portion)}>
              More certificates
            </button>
            <button type="button" onClick={() => (most.value = Infinity)}>
              All, for printing
            </button>
          </p>
        </>
      )}
    </>
  );
}
