import { addressOf, useAddress } from '../../parts/address.js';
import { Empty } from '../../parts/bits.js';
import { CsvLink } from '../../parts/csv-link.js';
import { ChoiceFilter, TextFilter } from '../../parts/filter.js';
import { now } from '../../parts/now.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { useKeys } from '../../parts/use-keys.js';
import { many } from '../../parts/words.js';
import { api, answerOf } from '../../service/client.js';
import { may } from '../../service/session.js';
import { IdentitiesTable } from './identities-table.js';
import { ordered } from './rows.js';
import { Timeline } from './timeline.js';
import { useTimeline } from './use-timeline.js';

const orders = [
  ['', 'by name'],
  ['end', 'first to end first'],
] as const;
const blocks = [
  ['', 'blocked or not'],
  ['true', 'blocked alone'],
  ['false', 'not blocked'],
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
  const data = useTimeline({
    ...selected,
    ...((blocked === 'true' || blocked === 'false') && { blocked }),
  });
  const clusters = useData(
    (signal) => answerOf(api.GET('/v1/clusters', { params: { query: { limit: 500 } }, signal })),
    [],
    ['clusters'],
  );
  const isTable = view === 'table';
  const order = query['order'] === 'end' ? 'end' : 'name';
  const count = data.value.value;
  useKeys({ '/': () => document.querySelector<HTMLElement>('.tools input')?.focus() });
  return (
    <Page
      title="Identities"
      heading={
        <>Identities {count && <span class="muted">{many(count.identities, 'username', !count.isComplete)}</span>}</>
      }
      aside={isTable ? undefined : <Legend />}
      wide={!isTable}
    >
      <div class="tools" role="search">
        <TextFilter name="usernamePrefix" label="Username begins with" />
        <ChoiceFilter
          name="cluster"
          label="Cluster"
          options={[
            ['', 'every cluster'],
            ...(clusters.value.value?.items ?? []).map(({ name }) => [name, name] as const),
          ]}
        />
        <TextFilter name="group" label="Group" />
        <ChoiceFilter name="blocked" label="Blocked" options={blocks} />
        <ChoiceFilter name="order" label="Order" options={orders} />
        <nav class="views" aria-label="View">
          <a href={addressOf('/console/identities', { ...query, view: '' })} {...(!isTable && current)}>
            Timeline
          </a>
          <a href={addressOf('/console/identities', { ...query, view: 'table' })} {...(isTable && current)}>
            Table
          </a>
        </nav>
        {may('read-all-certificates') && !blocked && (
          <CsvLink
            href={addressOf('/v1/certificates', { status: 'live', ...selected })}
            name="kubepass-live-certificates.csv"
          />
        )}
      </div>
      <Shown data={data} awaited="certificates">
        {({ rows, isComplete }) =>
          rows.length === 0 && isComplete ? (
            <Empty>
              No identity fits. <a href="/console/identities">Show all identities</a> or{' '}
              <a href="/console/ask">ask for a certificate</a>.
            </Empty>
          ) : isTable ? (
            <IdentitiesTable rows={ordered(rows, order)} isComplete={isComplete} now={now.value} />
          ) : (
            <Timeline rows={ordered(rows, order)} isComplete={isComplete} now={now.value} />
          )
        }
      </Shown>
    </Page>
  );
}

const current = { 'aria-current': 'page' } as const;

const Legend = () => (
  <p class="legend">
    {(['valid', 'soon', 'superseded', 'revoked'] as const).map((status) => (
      <span key={status}>
        <i class={`bar ${status}`} aria-hidden="true" />
        {meanings[status]}
      </span>
    ))}
  </p>
);
const meanings = {
  valid: 'valid',
  soon: 'ends within 2 hours',
  superseded: 'superseded',
  revoked: 'revoked, still works somewhere',
};
