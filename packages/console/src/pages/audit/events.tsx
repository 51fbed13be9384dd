import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { addresses } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Instant, Written, Fact } from '../../parts/bits.js';
import { onPaper } from '../../parts/paper.js';
import { Table } from '../../parts/table.js';
import { useSteps } from '../../parts/keys.js';
import { duration, exactly, many, spaced } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

type AuditEvent = Schemas['AuditEvent'];

const columns = ['Event', 'When', 'Principal', 'Cluster', 'About'];

/** Events, of which one opens in place. Newer ones wait while the pointer or the focus is among them. */
export function Events({ events }: { readonly events: readonly AuditEvent[] }) {
  const opened = useSignal<number | null>(null);
  /** The newest event that was there when somebody began to read; null: nobody reads. */
  const held = useSignal<number | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const newest = events[0]?.seq ?? 0;
  const hold = () => (held.value ??= newest);
  const letGo = () => {
    const isRead = area.current?.matches(':hover') || area.current?.contains(document.activeElement);
    if (!isRead) held.value = null;
  };
  const until = held.value ?? Infinity;
  const shown = events.filter(({ seq }) => seq <= until);
  const newer = events.length - shown.length;
  useAnnounced(newest, (before, after) =>
    after > before ? many(events.filter(({ seq }) => seq > before).length, 'new event') : undefined,
  );
  useSteps(area, '.opens');
  return (
    <>
      <div class="newer">
        {newer > 0 && (
          <button type="button" class="primary" onClick={() => (held.value = null)}>
            Show {many(newer, 'newer event')}
          </button>
        )}
      </div>
      <div
        ref={area}
        class="events"
        onPointerEnter={hold}
        onFocusIn={hold}
        onPointerLeave={() => setTimeout(letGo)}
        onFocusOut={() => setTimeout(letGo)}
      >
        <Table label="Events" columns={columns}>
          {shown.map((event) => (
            <Event
              key={event.seq}
              event={event}
              isOpen={onPaper.value || opened.value === event.seq}
              onOpen={() => (opened.value = opened.value === event.seq ? null : event.seq)}
            />
          ))}
        </Table>
      </div>
    </>
  );
}

type EventParts = { readonly event: AuditEvent; readonly isOpen: boolean; readonly onOpen: () => void };

function Event({ event, isOpen, onOpen }: EventParts) {
  const { at, type, principal, cluster, requestId, fingerprintSha256, details } = event;
  const username = details['username'];
  return (
    <>
      <tr>
        <th scope="row">
          {onPaper.value ? (
            spaced(type)
          ) : (
            <button type="button" class="opens" aria-expanded={isOpen} onClick={onOpen}>
              {spaced(type)}
            </button>
          )}
        </th>
        <td class="short">
          <Instant of={at} />
        </td>
        <td>{principal === null ? <span class="muted">kubepass</span> : <Written text={principal} />}</td>
        <td>{cluster !== null && <a href={addresses.cluster(cluster)}>{cluster}</a>}</td>
        <td class="about">
          {typeof username === 'string' && (
            <a href={addresses.identity(username)}>
              <Written text={username} />
            </a>
          )}
          {requestId !== null && <a href={addresses.request(requestId)}>request</a>}
          {fingerprintSha256 !== null && <a href={addresses.certificate(fingerprintSha256)}>certificate</a>}
        </td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={columns.length}>
            <Details event={event} />
          </td>
        </tr>
      )}
    </>
  );
}

function Details({ event }: { readonly event: AuditEvent }) {
  const { seq, type, at, details, requestId, fingerprintSha256, hash, previousHash } = event;
  const others = Object.entries({ requestId, fingerprintSha256, hash, previousHash });
  return (
    <dl class="facts">
      <Fact name="Event">
        {seq} <code>{type}</code>, {exactly(at)}
      </Fact>
      {[...Object.entries(details), ...others.filter(([, value]) => value !== null)].map(([name, value]) => (
        <Fact key={name} name={spaced(isSeconds(name, value) ? name.slice(0, -'Seconds'.length) : name)}>
          <Value value={isSeconds(name, value) ? duration(value as number) : value} />
        </Fact>
      ))}
    </dl>
  );
}

const isSeconds = (name: string, value: unknown): boolean => name.endsWith('Seconds') && typeof value === 'number';

function Value({ value }: { readonly value: unknown }) {
  if (value === null || (Array.isArray(value) && value.length === 0)) return <span class="muted">none</span>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.some((text) => typeof text === 'object')) return <pre>{JSON.stringify(value, null, 2)}</pre>;
  return <bdi>{texts.join(', ')}</bdi>;
}
