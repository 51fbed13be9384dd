import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Badge, Empty } from '../../parts/bits.js';
import { useAddress } from '../../parts/address.js';
import { FileLink } from '../../parts/files.js';
import { Filters } from '../../parts/filter.js';
import { Page } from '../../parts/page.js';
import { Paged, type ListPage, usePages } from '../../parts/data.js';
import { useAct } from '../../parts/trouble.js';
import { many, spaced } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { Events } from './events.js';
import { eventTypes } from './event-types.js';

type AuditEvent = Schemas['AuditEvent'];

const types = [['', 'every type'], ...eventTypes.map((type) => [type, spaced(type)] as const)] as const;
const filters = [
  { name: 'type', label: 'Type', options: types },
  { name: 'principal', label: 'Principal' },
  { name: 'cluster', label: 'Cluster' },
  { name: 'requestId', label: 'Request' },
  { name: 'fingerprintSha256', label: 'Certificate (SHA-256)' },
  { name: 'after', label: 'After', isInstant: true },
  { name: 'before', label: 'Before', isInstant: true },
] as const;

type Asked = Readonly<Record<string, string>>;

/** The audit log, newest first. */
export function Audit() {
  const { query, change } = useAddress();
  const asked: Asked = Object.fromEntries(filters.flatMap(({ name }) => (query[name] ? [[name, query[name]]] : [])));
  const isFollowing = query['follow'] === 'true';
  const pages = useLog(asked, isFollowing);
  return (
    <Page title="Audit" aside={<ChainCheck />}>
      <Filters of={filters}>
        <label>
          <input
            type="checkbox"
            role="switch"
            checked={isFollowing}
            onChange={({ currentTarget }) => change({ follow: currentTarget.checked ? 'true' : null })}
          />
          Follow
        </label>
      </Filters>
      <Paged pages={pages} noun="events" filters={asked} empty={<Empty>The log is empty.</Empty>}>
        {(events) => <Events events={events} />}
      </Paged>
    </Page>
  );
}

/** The log page by page. Each is read once; while the page follows, a change reads the events after the newest one. */
function useLog(asked: Asked, isFollowing: boolean) {
  const key = JSON.stringify(asked);
  const read = useRef({ key, pages: new Map<string | undefined, ListPage<AuditEvent>>() });
  if (read.current.key !== key) read.current = { key, pages: new Map() };
  const list = (more: object, signal: AbortSignal): Promise<ListPage<AuditEvent>> =>
    answerOf(api.GET('/v1/audit-events', { params: { query: { ...asked, ...more } }, signal }));
  return usePages(
    async (cursor, signal) => {
      const { pages } = read.current;
      const known = pages.get(cursor);
      if (known !== undefined && cursor !== undefined) return known;
      let page =
        known ?? (await list({ order: 'newest', limit: 100, ...(cursor !== undefined && { cursor }) }, signal));
      for (let isWhole = known === undefined; !isWhole;) {
        const { items, nextCursor } = await list({ afterSeq: page.items[0]?.seq ?? 0, limit: 500 }, signal);
        page = { ...page, items: [...items.toReversed(), ...page.items] };
        isWhole = nextCursor === null || items.length === 0;
      }
      pages.set(cursor, page);
      return page;
    },
    [key, isFollowing],
    isFollowing ? ['audit-events'] : [],
  );
}

/** Checks the chain of the audit log, and gives its signed checkpoint as a file. */
function ChainCheck() {
  const found = useSignal<Schemas['ChainVerification'] | null>(null);
  const { isBusy, run, trouble } = useAct();
  const check = async () => {
    found.value = null;
    found.value = await answerOf(api.GET('/v1/audit-events/verification'));
  };
  return (
    <div class="chips">
      <button type="button" disabled={isBusy} onClick={() => void run(check)}>
        Check the chain
      </button>
      <FileLink href="/v1/audit-events/checkpoint" name="kubepass.checkpoint" type="text/plain">
        Checkpoint
      </FileLink>
      <span role="status">
        {isBusy && 'Checking the log …'}
        {found.value && <Verdict found={found.value} />}
      </span>
      {trouble}
    </div>
  );
}

const Verdict = ({ found }: { readonly found: Schemas['ChainVerification'] }) =>
  found.valid ? (
    <>
      <Badge tone="ok" icon="check">
        The chain is intact
      </Badge>{' '}
      {many(found.events, 'event')}
      {found.archivedEvents > 0 && `, of which ${found.archivedEvents} are in archives and were not checked here`}
    </>
  ) : (
    <Badge tone="error" icon="warn">
      The chain is broken at event {found.firstInvalidSeq}
    </Badge>
  );
