import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { addresses, addressOf, useAddress } from '../../parts/address.js';
import { Empty, Instant, now, Status, Written } from '../../parts/bits.js';
import { Shown, useRead } from '../../parts/data.js';
import { FileLink } from '../../parts/files.js';
import { Filters } from '../../parts/filter.js';
import { Linked, Next, Page, Views } from '../../parts/page.js';
import { type Cells, Columns } from '../../parts/table.js';
import { many } from '../../parts/words.js';
import { may } from '../../service/session.js';
import { ordered, type Row, statusOf } from './rows.js';
import { Timeline } from './timeline.js';
import { useTimeline } from './use-timeline.js';

const orders = Object.entries({ '': 'by name', end: 'first to end first' });
const blocks = Object.entries({ '': 'blocked or not', true: 'only blocked', false: 'not blocked' });
const views = Object.entries({ '': 'Timeline', table: 'Table' });

/** Shows who has access to what until when, as a timeline or as a table. */
export function Identities() {
  const { query } = useAddress();
  const { cluster, group, usernamePrefix, blocked, view } = query;
  const selected = {
    ...(cluster && { cluster }),
    ...(group && { group }),
    ...(usernamePrefix && { usernamePrefix }),
  };
  const filters = { ...selected, ...((blocked === 'true' || blocked === 'false') && { blocked }) };
  const data = useTimeline(filters);
  const clusters = useRead('/v1/clusters', { limit: 500 }, ['clusters']).value.value?.items ?? [];
  const names = clusters.map(({ name }) => [name, name] as const);
  const View = view === 'table' ? IdentitiesTable : Timeline;
  const order = query['order'] === 'end' ? 'end' : 'name';
  const found = data.value.value;
  const rows = useMemo(() => ordered(found?.rows ?? [], order), [found, order]);
  return (
    <Page
      title="Identities"
      heading={
        <>Identities {found && <span class="muted">{many(found.identities, 'username', !found.isComplete)}</span>}</>
      }
      aside={
        <div class="chips">
          <Views path="/console/identities" name="view" views={views} />
          {may('read-all-certificates') && !blocked && (
            <FileLink
              href={addressOf('/v1/certificates', { status: 'live', ...selected })}
              name="kubepass-live-certificates.csv"
              type="text/csv"
            >
              CSV
            </FileLink>
          )}
        </div>
      }
      wide={view !== 'table'}
    >
      <Filters
        of={[
          { name: 'usernamePrefix', label: 'Username begins with' },
          { name: 'cluster', label: 'Cluster', options: [['', 'every cluster'], ...names] },
          { name: 'group', label: 'Group' },
          { name: 'blocked', label: 'Blocked', options: blocks },
          { name: 'order', label: 'Order', options: orders },
        ]}
      />
      <Shown data={data} awaited="certificates">
        {({ isComplete }) =>
          rows.length === 0 && isComplete ? (
            <Empty>
              Nothing matches. <a href="/console/identities">Show all identities</a>{' '}
              <Next href="/console/ask">Ask for a certificate</Next>
            </Empty>
          ) : (
            <View key={`${order} ${JSON.stringify(filters)}`} rows={rows} isComplete={isComplete} now={now.value} />
          )
        }
      </Shown>
    </Page>
  );
}

/** A certificate, or none of a blocked username. */
type Line = Pick<Row, 'username' | 'cluster' | 'isBlocked'> & {
  readonly id: string;
  readonly one?: Row['certificates'][number];
};
const instant = (milliseconds: number) => <Instant of={new Date(milliseconds).toISOString()} />;
const cells: Cells<Line> = {
  Username: ({ username, isBlocked }) => [
    <Written text={username} href={addresses.identity(username)} />,
    isBlocked && [' ', <Status key="blocked" of="blocked" />],
  ],
  Cluster: ({ cluster }) => cluster,
  Groups: ({ one }) => one && <Written text={one.groups.join(', ')} />,
  Status: ({ one }) => {
    if (!one) return <span class="muted">no live certificate</span>;
    const status = statusOf(one, now.value);
    return (
      <>
        <Linked href={addresses.certificate(one.fingerprint)}>
          <Status of={status} />
        </Linked>
        {status === 'revoked' && ' still works'}
      </>
    );
  },
  From: ({ one }) => one && instant(one.from),
  Until: ({ one }) => one && instant(one.to),
};
const mostAtFirst = 100;

/** The timeline as a table. */
function IdentitiesTable({ rows, isComplete }: { readonly rows: readonly Row[]; readonly isComplete: boolean }) {
  const isWhole = useSignal(false);
  const all = rows.flatMap((row): readonly Line[] =>
    row.certificates.length === 0
      ? [{ ...row, id: row.key }]
      : row.certificates.map((one) => ({ ...row, one, id: one.fingerprint })),
  );
  const shown = isWhole.value ? all : all.slice(0, mostAtFirst);
  return (
    <>
      <Columns label="Certificates by identity" rows={shown} cells={cells} />
      {shown.length < all.length && (
        <p class="quiet">
          {shown.length} of {many(all.length, 'row', !isComplete)} are shown and printed.{' '}
          <button type="button" onClick={() => (isWhole.value = true)}>
            All, for printing
          </button>
        </p>
      )}
    </>
  );
}
