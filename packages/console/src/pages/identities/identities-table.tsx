import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Instant, Written } from '../../parts/bits.js';
import { many } from '../../parts/words.js';
import { may } from '../../service/session.js';
import { statusOf, type Row } from './rows.js';

const portion = 100;

/** The timeline as a table: a row for each certificate, and one for each blocked username without any. */
export function IdentitiesTable({
  rows,
  isComplete,
  now,
}: {
  readonly rows: readonly Row[];
  readonly isComplete: boolean;
  readonly now: number;
}) {
  const most = useSignal(portion);
  const all = rows.flatMap((row) =>
    (row.certificates.length > 0 ? row.certificates : [null]).map((certificate) => ({ row, certificate })),
  );
  const shown = all.slice(0, most.value);
  const isCut = shown.length < all.length;
  return (
    <>
      <div class="table" tabIndex={0} role="region" aria-label="Certificates by identity">
        <table aria-label="Certificates by identity">
          <thead>
            <tr>
              <th scope="col">Username</th>
              <th scope="col">Cluster</th>
              <th scope="col">Groups</th>
              <th scope="col">Status</th>
              <th scope="col">From</th>
              <th scope="col">Until</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ row: { key, username, cluster, isBlocked }, certificate }) => (
              <tr key={certificate?.fingerprint ?? key}>
                <th scope="row">
                  <a href={addresses.identity(username)}>
                    <Written text={username} />
                  </a>
                  {isBlocked && <span class="error-word"> blocked</span>}
                </th>
                <td>{cluster}</td>
                <td>{certificate && <Written text={certificate.groups.join(', ')} />}</td>
                <td>{certificate ? <Status certificate={certificate} now={now} /> : 'no live certificate'}</td>
                <td class="short">{certificate && <Instant of={instant(certificate.from)} />}</td>
                <td class="short">{certificate && <Instant of={instant(certificate.to)} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isCut && (
        <>
          <p class="quiet">
            {shown.length.toLocaleString('en')} of {many(all.length, 'row', !isComplete)} are shown and printed.
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

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

function Status({ certificate, now }: { readonly certificate: Row['certificates'][number]; readonly now: number }) {
  const status = statusOf(certificate, now);
  return may('read-all-certificates') ? (
    <a href={addresses.certificate(certificate.fingerprint)}>{status}</a>
  ) : (
    <>{status}</>
  );
}
