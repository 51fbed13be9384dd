import { useAddress } from '../../parts/address.js';
import { Badge, Empty, Instant, Written } from '../../parts/bits.js';
import { Filter } from '../../parts/filter.js';
import { Views } from '../../parts/links.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { Table } from '../../parts/table.js';
import { usePages } from '../../parts/use-pages.js';
import { many } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';

type Person = Schemas['DirectoryUser'];

const views = [
  ['', 'Everybody'],
  ['active', 'Active'],
  ['left', 'Left'],
  ['deleted', 'Deleted'],
] as const;

/** The people whom an identity provider manages. */
export function Directory() {
  const { query } = useAddress();
  const { view = '', directoryName, username } = query;
  const filter = {
    ...(view === 'active' && { active: 'true' as const }),
    ...(view === 'left' && { active: 'false' as const }),
    ...(view === 'deleted' && { deleted: 'true' as const }),
    ...(directoryName && { directoryName }),
    ...(username && { username }),
  };
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/directory-users', {
          params: { query: { ...filter, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [JSON.stringify(filter)],
    ['directory-users'],
  );
  return (
    <Page title="Directory">
      <Views path="/console/directory" name="view" views={views} />
      <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
        <Filter name="directoryName" label="Name in the directory" />
        <Filter name="username" label="Username" />
      </form>
      <Paged
        pages={pages}
        noun="people"
        empty={
          <Empty>
            {Object.keys(filter).length > 0 ? (
              <>
                Nobody fits these filters. <a href="/console/directory">Show everybody</a>
              </>
            ) : (
              'Nobody is in the directory. An identity provider tells of people over SCIM, at /scim/v2.'
            )}
          </Empty>
        }
      >
        {(people) => (
          <Table label="People" columns={['Person', 'Username', 'State', 'Still works', 'Changed']}>
            {people.map((person) => (
              <Row key={person.id} person={person} />
            ))}
          </Table>
        )}
      </Paged>
    </Page>
  );
}

const Row = ({ person }: { readonly person: Person }) => (
  <tr>
    <th scope="row">
      <a href={`/console/directory/${encodeURIComponent(person.id)}`}>
        <Written text={person.displayName ?? person.directoryName} />
      </a>
      {person.displayName !== null && (
        <div class="muted">
          <Written text={person.directoryName} />
        </div>
      )}
    </th>
    <td data-label="Username">
      {person.username === null ? <span class="muted">none</span> : <Written text={person.username} />}
    </td>
    <td data-label="State">
      <PersonState person={person} />
    </td>
    <td data-label="Still works">
      {(person.residualExposure ?? []).length === 0 ? '–' : many(person.residualExposure?.length ?? 0, 'certificate')}
    </td>
    <td data-label="Changed">
      <Instant of={person.changedAt} />
    </td>
  </tr>
);

export const PersonState = ({
  person: { active, deletedAt, reuse },
}: {
  readonly person: Pick<Person, 'active' | 'deletedAt' | 'reuse'>;
}) => (
  <>
    {deletedAt !== null ? (
      <Badge tone="plain" icon="cross">
        deleted
      </Badge>
    ) : active ? (
      <Badge tone="ok" icon="check">
        active
      </Badge>
    ) : (
      <Badge tone="warning" icon="cross">
        left
      </Badge>
    )}{' '}
    {reuse !== null && (
      <Badge tone="warning" icon="warn">
        name was somebody else’s
      </Badge>
    )}
  </>
);
