import { useMemo } from 'preact/hooks';
import { addressOf, useAddress } from '../../parts/address.js';
import { Empty, now } from '../../parts/bits.js';
import { FileLink } from '../../parts/files.js';
import { Filter } from '../../parts/filter.js';
import { Page, Views } from '../../parts/page.js';
import { Shown } from '../../parts/data.js';
import { useKeys } from '../../parts/keys.js';
import { many } from '../../parts/words.js';
import { may } from '../../service/session.js';
import { IdentitiesTable } from './identities-table.js';
import { ordered } from './rows.js';
import { Timeline } from './timeline.js';
import { useClusterNames } from './use-cluster-names.js';
import { type TimelineFilters, useTimeline } from './use-timeline.js';

const orders = [
  ['', 'by name'],
  ['end', 'first to end first'],
] as const;
const blocks = [
  ['', 'blocked or not'],
  ['true', 'blocked alone'],
  ['false', 'not blocked'],
] as const;

const views = [
  ['', 'Timeline'],
  ['table', 'Table'],
] as const;

/** Shows who has access to what until when, as a timeline or as a table. */
export function Identities() {
  const { query } = useAddress();
  const { cluster, group, usernamePrefix, blocked, view } = query;
  const selected = {
    ...(cluster && { cluster }),
    ...(group && { group }),
    ...(usernamePrefix && { usernamePrefix }),
  };
  const filters: TimelineFilters = { ...selected, ...((blocked === 'true' || blocked === 'false') && { blocked }) };
  const data = useTimeline(filters);
  const clusters = useClusterNames();
  const isTable = view === 'table';
  const View = isTable ? IdentitiesTable : Timeline;
  const order = query['order'] === 'end' ? 'end' : 'name';
  const found = data.value.value;
  const rows = useMemo(() => ordered(found?.rows ?? [], order), [found, order]);
  useKeys({ '/': () => document.querySelector<HTMLElement>('.tools input')?.focus() });
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
      wide={!isTable}
    >
      <div class="tools pairs" role="search">
        <Filter name="usernamePrefix" label="Username begins with" />
        <Filter
          name="cluster"
          label="Cluster"
          options={[['', 'every cluster'], ...clusters.map((one) => [one, one] as const)]}
        />
        <Filter name="group" label="Group" />
        <Filter name="blocked" label="Blocked" options={blocks} />
        <Filter name="order" label="Order" options={orders} />
      </div>
      <Shown data={data} awaited="certificates">
        {({ isComplete }) =>
          rows.length === 0 && isComplete ? (
            <Empty>
              No identity fits. <a href="/console/identities">Show all identities</a> or{' '}
              <a href="/console/ask">ask for a certificate</a>.
            </Empty>
          ) : (
            <View key={`${order} ${JSON.stringify(filters)}`} rows={rows} isComplete={isComplete} now={now.value} />
          )
        }
      </Shown>
    </Page>
  );
}
