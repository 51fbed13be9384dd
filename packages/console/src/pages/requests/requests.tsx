import { addresses, addressOf, useAddress } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Distance, Empty, Status, Written } from '../../parts/bits.js';
import { Paged, useList, useRead } from '../../parts/data.js';
import { Filters } from '../../parts/filter.js';
import { Page, Views } from '../../parts/page.js';
import { type SteadyRow, useSteady } from '../../parts/steady.js';
import { Table } from '../../parts/table.js';
import { duration } from '../../parts/words.js';
import { caller, may } from '../../service/session.js';
import { listChange, type Request, turnInWords } from './request-words.js';

const openStates: Request['state'][] = ['pending', 'approved', 'issuing'];

/** The views, and what the API is asked for each. */
const views = {
  waiting: { name: 'Waiting for me', asks: { awaiting: 'me' } },
  mine: { name: 'Mine', asks: { mine: 'true' } },
  open: { name: 'Open', asks: { state: openStates } },
  decided: { name: 'Decided by me', asks: { decided: 'me' } },
  all: { name: 'All', asks: {} },
} as const;
const path = '/console/requests';
type View = keyof typeof views;
const viewNames = Object.keys(views) as readonly View[];
const filters = [
  { name: 'usernamePrefix', label: 'Username begins with' },
  { name: 'cluster', label: 'Cluster' },
] as const;

/** The requests that wait for the reader, or others. */
export function Requests() {
  const { query } = useAddress();
  const view = viewNames.find((name) => name === query['view']) ?? (may('approve-requests') ? 'waiting' : 'mine');
  const { usernamePrefix = '', cluster = '' } = query;
  const shown = viewNames.filter((name) => name === view || may('approve-requests') || !/waiting|decided/.test(name));
  return (
    <Page title="Requests">
      <div class="choice-of-view">
        <Views path={path} name="view" views={shown.map((name) => [name, views[name].name])} usual={view} />
        <Filters of={filters} />
      </div>
      <Found key={[view, usernamePrefix, cluster].join(' ')} {...{ view, usernamePrefix, cluster }} />
    </Page>
  );
}

/** The requests of one view and these filters: another choice begins anew. */
function Found({ view, ...filter }: { view: View; usernamePrefix: string; cluster: string }) {
  const pages = useList('/v1/certificate-requests', { ...views[view].asks, ...filter }, ['certificate-requests']);
  useAnnounced(pages.value.value?.items, listChange);
  return (
    <Paged pages={pages} noun="requests" filters={filter} empty={<Nothing view={view} />}>
      {(requests) => <List view={view} requests={requests} />}
    </Paged>
  );
}

function List({ view, requests }: { readonly view: View; readonly requests: readonly Request[] }) {
  const { rows, hold } = useSteady(requests, ({ id }) => id);
  return (
    <div class="requests" {...hold}>
      <Table label={views[view].name} columns={['Request', 'Reason', 'State and next step', 'Asked']}>
        {rows.map((row) => (
          <Row key={row.row.id} {...row} isMine={view === 'waiting'} />
        ))}
      </Table>
    </div>
  );
}

function Row({ row: request, isGone, isMine }: SteadyRow<Request> & { readonly isMine: boolean }) {
  const { id, username, cluster, groups, expirationSeconds, reason, state, createdAt, requester } = request;
  const turn = isGone ? 'no longer in this list' : turnInWords(request, caller.value?.name ?? '', isMine);
  return (
    <tr class={isGone ? 'gone' : ''}>
      <th scope="row">
        <Written text={username} href={addresses.request(id)} />
        <span class="under">
          {duration(expirationSeconds)} on <bdi>{cluster}</bdi>
          {groups.length > 0 ? ', in ' : ', in no group'}
          <Written text={groups.join(', ')} most={80} />
        </span>
      </th>
      <td>
        <span class="one-line" title={reason ?? undefined}>
          {reason === null ? <span class="muted">no reason</span> : <bdi>{reason}</bdi>}
        </span>
      </td>
      <td>
        <Status of={state} />
        <span class="under one-line">
          <Written text={turn} />
        </span>
      </td>
      <td>
        <Distance of={createdAt} />
        <span class="under one-line">{requester !== username && <Written text={`by ${requester}`} />}</span>
      </td>
    </tr>
  );
}

/** An empty view, and what to do next. */
function Nothing({ view }: { readonly view: View }) {
  if (view === 'waiting' && may('approve-requests')) return <NothingWaits />;
  if (view === 'waiting') return <Empty>Nothing waits for you: deciding takes the role approver or admin.</Empty>;
  if (view === 'decided')
    return (
      <Empty>
        You have decided on no request. {may('approve-requests') && <a href={path}>See what waits for you</a>}
      </Empty>
    );
  return (
    <Empty>
      {view === 'mine' && 'You have no requests.'}
      {view === 'open' && 'There are no open requests.'}
      {view === 'all' && 'There are no requests.'}{' '}
      {may('request-certificates') && <a href="/console/ask">Ask for a certificate</a>}
    </Empty>
  );
}

/** Says how many the reader has decided, as far as one page tells. */
function NothingWaits() {
  const query = { ...views.decided.asks, limit: 100 };
  const { value } = useRead('/v1/certificate-requests', query, ['certificate-requests']).value;
  return (
    <Empty>
      Nothing waits for you.{' '}
      <a href={addressOf(path, { view: 'decided' })}>
        Decided by you{value && `: ${value.items.length}${value.nextCursor === null ? '' : '+'}`}
      </a>
    </Empty>
  );
}
