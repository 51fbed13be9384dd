import { addresses, useAddress } from '../../parts/address.js';
import { Badge, Empty, Instant, Written } from '../../parts/bits.js';
import { Filter } from '../../parts/filter.js';
import { Page, Views } from '../../parts/page.js';
import { Paged, useList } from '../../parts/data.js';
import { type Column, Columns } from '../../parts/table.js';
import { useKeys } from '../../parts/keys.js';
import { many } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

type Person = Schemas['DirectoryUser'];

const views = [
  ['', 'Everybody'],
  ['active', 'Active'],
  ['left', 'Left'],
  ['deleted', 'Deleted'],
] as const;

/** The people whom an identity provider manages. */
export function Directory() {
  const { view, directoryName, username } = useAddress().query;
  const filter = {
    active: view === 'active' ? 'true' : view === 'left' ? 'false' : undefined,
    deleted: view === 'deleted' ? 'true' : undefined,
    ...{ directoryName, username },
  };
  const pages = useList('/v1/directory-users', filter, ['directory-users']);
  useKeys({ '/': () => document.querySelector<HTMLElement>('.tools input')?.focus() });
  return (
    <Page title="Directory">
      <Views path="/console/directory" name="view" views={views} />
      <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
        <Filter name="directoryName" label="Name in the directory" />
        <Filter name="username" label="Username" />
      </form>
      <Paged pages={pages} noun="people" empty={<Nobody isFiltered={Object.values(filter).some(Boolean)} />}>
        {(people) => <Columns label="People" rows={people} columns={columns} />}
      </Paged>
    </Page>
  );
}

const Nobody = ({ isFiltered }: { readonly isFiltered: boolean }) => (
  <Empty>
    {isFiltered ? (
      <>
        Nobody fits these filters. <a href="/console/directory">Show everybody</a>
      </>
    ) : (
      'Nobody is in the directory. An identity provider tells of people over SCIM, at /scim/v2.'
    )}
  </Empty>
);

const columns: readonly Column<Person>[] = [
  [
    'Person',
    ({ id, displayName, directoryName }) => (
      <>
        <a href={addresses.person(id)}>
          <Written text={displayName ?? directoryName} />
        </a>
        <div class="muted">{displayName !== null && <Written text={directoryName} />}</div>
      </>
    ),
  ],
  ['Username', ({ username }) => <Written text={username ?? 'none'} />],
  ['State', (person) => <PersonState {...person} />],
  [
    'Still works',
    ({ residualExposure = [] }) => (residualExposure.length === 0 ? '–' : many(residualExposure.length, 'certificate')),
  ],
  ['Changed', ({ changedAt }) => <Instant of={changedAt} />],
];

export const PersonState = ({ active, deletedAt, reuse }: Pick<Person, 'active' | 'deletedAt' | 'reuse'>) => (
  <>
    <Badge tone={active ? 'ok' : deletedAt === null ? 'warning' : 'plain'} icon={active ? 'check' : 'cross'}>
      {active ? 'active' : deletedAt === null ? 'left' : 'deleted'}
    </Badge>{' '}
    {reuse !== null && (
      <Badge tone="warning" icon="warn">
        name was somebody else’s
      </Badge>
    )}
  </>
);
