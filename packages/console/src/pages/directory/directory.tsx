import { addresses, useAddress } from '../../parts/address.js';
import { Badge, Empty, Instant, Written } from '../../parts/bits.js';
import { Paged, useList } from '../../parts/data.js';
import { Filters } from '../../parts/filter.js';
import { Page, Views } from '../../parts/page.js';
import { type Cells, Columns } from '../../parts/table.js';
import { many } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

type Person = Schemas['DirectoryUser'];

const views = [
  ['', 'Everybody'],
  ['active', 'Active'],
  ['left', 'Left'],
  ['deleted', 'Deleted'],
] as const;
const filters = [
  { name: 'directoryName', label: 'Name in the directory' },
  { name: 'username', label: 'Username' },
];

/** The people whom an identity provider manages. */
export function Directory() {
  const { view, directoryName, username } = useAddress().query;
  const filter = {
    active: view === 'active' ? 'true' : view === 'left' ? 'false' : undefined,
    deleted: view === 'deleted' ? 'true' : undefined,
    ...{ directoryName, username },
  };
  const pages = useList('/v1/directory-users', filter, ['directory-users']);
  const empty = 'Nobody is in the directory. An identity provider tells of people over SCIM, at /scim/v2.';
  return (
    <Page title="Directory">
      <Views path="/console/directory" name="view" views={views} />
      <Filters of={filters} />
      <Paged {...{ pages, filters: filter }} noun="people" empty={<Empty>{empty}</Empty>}>
        {(people) => <Columns label="People" rows={people} cells={cells} />}
      </Paged>
    </Page>
  );
}

const cells: Cells<Person> = {
  Person: ({ id, displayName, directoryName }) => (
    <>
      <Written text={displayName ?? directoryName} href={addresses.person(id)} />
      <div class="muted">{displayName !== null && <Written text={directoryName} />}</div>
    </>
  ),
  Username: ({ username }) => <Written text={username ?? 'none'} />,
  State: (person) => <PersonState {...person} />,
  'Still works': ({ residualExposure: { length } = [] }) => (length === 0 ? '–' : many(length, 'certificate')),
  Changed: ({ changedAt }) => <Instant of={changedAt} />,
};

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
