import { addresses, addressOf, useAddress } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Badge, Distance, Empty, Written } from '../../parts/bits.js';
import { Filter } from '../../parts/filter.js';
import { Page, Views } from '../../parts/page.js';
import { Paged, useData, usePages } from '../../parts/data.js';
import { type SteadyRow, useSteady } from '../../parts/steady.js';
import { Table } from '../../parts/table.js';
import { useKeys } from '../../parts/keys.js';
import { duration } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';
import { caller, may } from '../../service/session.js';
import { listChange, looks, type Request, turnInWords } from './request-words.js';

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

/** The requests that wait for the reader, or others. */
export function Requests() {
  const { query } = useAddress();
  const view = viewNames.find((name) => name === query['view']) ?? (may('approve-requests') ? 'waiting' : 'mine');
  const { usernamePrefix = '', cluster = '' } = query;
  useKeys({ '/': () => document.querySelector<HTMLElement>('.tools input')?.focus() });
  return (
    <Page title="Requests">
      <div class="choice-of-view">
        <Views path={path} name="view" views={viewNames.map((name) => [name, views[name].name])} usual={view} />
        <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
          <Filter name="usernamePrefix" label="Username begins with" />
          <Filter name="cluster" label="Cluster" />
        </form>
      </div>
      <Found key={[view, usernamePrefix, cluster].join(' ')} {...{ view, usernamePrefix, cluster }} />
    </Page>
  );
}

type Asked = Readonly<Record<'usernamePrefix' | 'cluster', string>> & { readonly view: View };

/** The requests of one view and these filters: another choice begins anew. */
function Found({ view, usernamePrefix, cluster }: Asked) {
  const filters = { ...(usernamePrefix && { usernamePrefix }), ...(cluster && { cluster }) };
  const asked = { ...views[view].asks, ...filters };
  const pages = usePages(
    (cursor, signal) => {
      const query = { ...asked, ...(cursor !== undefined && { cursor }) };
      return answerOf(api.GET('/v1/certificate-requests', { params: { query }, signal }));
    },
    [],
    ['certificate-requests'],
  );
  useAnnounced(pages.value.value?.items, listChange);
  const empty = <Nothing view={view} isFiltered={Object.keys(filters).length > 0} />;
  return (
    <Paged pages={pages} noun="requests" empty={empty}>
      {(requests) => <List view={view} requests={requests} />}
    </Paged>
  );
}

function List({ view, requests }: { readonly view: View; readonly requests: readonly Request[] }) {
  const { rows, hold } = useSteady(requests, ({ id }) => id);
  return (
    <div class="requests" {...hold}>
      <Table label={views[view].name} columns={['Request', 'Reason', 'State and whose turn', 'Asked']}>
        {rows.map((row) => (
          <Row key={row.row.id} {...row} isMine={view === 'waiting'} />
        ))}
      </Table>
    </div>
  );
}

function Row({ row: request, isGone, isMine }: SteadyRow<Request> & { readonly isMine: boolean }) {
  const { go } = useAddress();
  const { id, username, cluster, groups, expirationSeconds, reason, state, createdAt, requester } = request;
  const { tone, icon } = looks[state];
  const me = caller.value?.name ?? '';
  // The link is for keys and readers; a click beside it opens the request too, unless somebody marks a text.
  const onClick = ({ target }: MouseEvent) => {
    if (target instanceof Element && target.closest('a') === null && getSelection()?.isCollapsed)
      go(addresses.request(id));
  };
  return (
    <tr class={isGone ? 'gone' : ''} onClick={onClick}>
      <th scope="row">
        <a href={addresses.request(id)}>
          <Written text={username} />
        </a>
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
        <Badge tone={tone} icon={icon}>
          {state}
        </Badge>
        <span class="under one-line">
          {isGone ? 'no longer in this list' : <Written text={turnInWords(request, me, isMine)} />}
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
function Nothing({ view, isFiltered }: { readonly view: View; readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty>
        No request fits these filters. <a href={addressOf(path, { view })}>Show all of this view</a>
      </Empty>
    );
  const ask = may('request-certificates') && <a href="/console/ask">Ask for a certificate</a>;
  if (view === 'waiting' && may('approve-requests')) return <NothingWaits />;
  if (view === 'waiting') return <Empty>Nothing waits for you: deciding takes the role approver or admin.</Empty>;
  if (view === 'decided')
    return (
      <Empty>
        You have decided on no request. <a href={path}>See what waits for you</a>
      </Empty>
    );
  if (view === 'mine') return <Empty>You have asked for nothing, and nothing is yours to collect. {ask}</Empty>;
  return (
    <Empty>
      {view === 'open' ? 'No request is open.' : 'There is no request.'} {ask}
    </Empty>
  );
}

/** As many as are counted of what somebody has decided. */
const mostCounted = 100;

function NothingWaits() {
  const query = { ...views.decided.asks, limit: mostCounted };
  const { value } = useData(
    (signal) => answerOf(api.GET('/v1/certificate-requests', { params: { query }, signal })),
    [],
    ['certificate-requests'],
  );
  const count = value.value && `: ${value.value.items.length}${value.value.nextCursor === null ? '' : '+'}`;
  return (
    <Empty>
      Nothing waits for you. <a href={addressOf(path, { view: 'decided' })}>Decided by you{count}</a>
    </Empty>
  );
}
