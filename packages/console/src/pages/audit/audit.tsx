import { useSignal } from '@preact/signals';
import { Empty, Instant, Written } from '../../parts/bits.js';
import { addresses, useAddress } from '../../parts/address.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { usePages } from '../../parts/use-pages.js';
import { useKeys } from '../../parts/use-keys.js';
import { spaced } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { type EventType, eventTypes } from './event-types.js';
import { ChainCheck } from './chain-check.js';

type AuditEvent = Schemas['AuditEvent'];

const filters = ['principal', 'cluster', 'requestId'] as const;

/** The audit log, newest first. */
export function Audit() {
  const { query, change } = useAddress();
  const { type, principal, cluster, requestId, fingerprintSha256, after, before, follow } = query;
  const isFollowing = follow === 'true';
  const asked = {
    ...(type && { type: type as EventType }),
    ...(principal && { principal }),
    ...(cluster && { cluster }),
    ...(requestId && { requestId }),
    ...(fingerprintSha256 && { fingerprintSha256 }),
    ...(after && { after }),
    ...(before && { before }),
  };
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/audit-events', {
          params: { query: { ...asked, order: 'newest', limit: 100, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [JSON.stringify(asked), isFollowing],
    isFollowing ? ['audit-events'] : [],
  );
  useKeys({ '/': () => document.getElementById('audit-type')?.focus() });
  return (
    <Page title="Audit" aside={<ChainCheck />}>
      <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
        <div>
          <label for="audit-type">Type</label>
          <select
            id="audit-type"
            value={type ?? ''}
            onChange={({ currentTarget }) => change({ type: currentTarget.value })}
          >
            <option value="">every type</option>
            {eventTypes.map((one) => (
              <option key={one} value={one}>
                {spaced(one)}
              </option>
            ))}
          </select>
        </div>
        {filters.map((name) => (
          <div key={name}>
            <label for={`audit-${name}`}>{labels[name]}</label>
            <input
              id={`audit-${name}`}
              value={query[name] ?? ''}
              onChange={({ currentTarget }) => change({ [name]: currentTarget.value.trim() })}
            />
          </div>
        ))}
        {(['after', 'before'] as const).map((name) => (
          <div key={name}>
            <label for={`audit-${name}`}>{name === 'after' ? 'After' : 'Before'}</label>
            <input
              id={`audit-${name}`}
              type="datetime-local"
              value={localTime(query[name])}
              onChange={({ currentTarget }) => change({ [name]: instantOf(currentTarget.value) })}
            />
          </div>
        ))}
        <label>
          <input
            type="checkbox"
            role="switch"
            checked={isFollowing}
            onChange={({ currentTarget }) => change({ follow: currentTarget.checked ? 'true' : null })}
          />
          Follow
        </label>
      </form>
      <Paged
        pages={pages}
        noun="events"
        empty={
          <Empty>
            No event fits these filters. <a href="/console/audit">Show all events</a>
          </Empty>
        }
      >
        {(events) => <Events events={events} />}
      </Paged>
    </Page>
  );
}

const labels = { principal: 'Principal', cluster: 'Cluster', requestId: 'Request' } as const;

/** The value of a field for local time; empty where the instant cannot be read. */
function localTime(instant: string | undefined): string {
  const date = new Date(instant ?? '');
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const instantOf = (local: string): string => (local === '' ? '' : new Date(local).toISOString());

function Events({ events }: { readonly events: readonly AuditEvent[] }) {
  const opened = useSignal<number | null>(null);
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Events">
      <table aria-label="Events">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">When</th>
            <th scope="col">Principal</th>
            <th scope="col">Cluster</th>
            <th scope="col">About</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <Event
              key={event.seq}
              event={event}
              isOpen={opened.value === event.seq}
              onOpen={() => (opened.value = opened.value === event.seq ? null : event.seq)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Event({
  event,
  isOpen,
  onOpen,
}: {
  readonly event: AuditEvent;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}) {
  const { seq, at, type, principal, cluster, requestId, fingerprintSha256, details, previousHash, hash } = event;
  const username = details['username'];
  return (
    <>
      <tr>
        <th scope="row">
          <button type="button" class="opens" aria-expanded={isOpen} onClick={onOpen}>
            {spaced(type)}
          </button>
        </th>
        <td class="short">
          <Instant of={at} />
        </td>
        <td>{principal === null ? <span class="muted">kubepass</span> : <Written text={principal} />}</td>
        <td>{cluster}</td>
        <td>
          {typeof username === 'string' && <Written text={username} />}{' '}
          {requestId !== null && <a href={addresses.request(requestId)}>request</a>}{' '}
          {fingerprintSha256 !== null && <a href={addresses.certificate(fingerprintSha256)}>certificate</a>}
        </td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={5}>
            <dl class="facts">
              <dt>Event</dt>
              <dd>
                {seq} <code>{type}</code>
              </dd>
              {Object.entries(details).map(([name, value]) => (
                <Detail key={name} name={name} value={value} />
              ))}
              <dt>Hash</dt>
              <dd>
                <code>{hash}</code>
              </dd>
              <dt>Hash before</dt>
              <dd>
                <code>{previousHash}</code>
              </dd>
            </dl>
          </td>
        </tr>
      )}
    </>
  );
}

function Detail({ name, value }: { readonly name: string; readonly value: unknown }) {
  return (
    <>
      <dt>{spaced(name)}</dt>
      <dd>{typeof value === 'string' ? <bdi>{value}</bdi> : <code>{JSON.stringify(value)}</code>}</dd>
    </>
  );
}
