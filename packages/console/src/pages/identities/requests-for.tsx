import { addresses } from '../../parts/address.js';
import { Card, Empty, Instant, Written } from '../../parts/bits.js';
import { Paged, usePages } from '../../parts/data.js';
import { Table } from '../../parts/table.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';

type Waiting = Schemas['IdentityDetails']['waitingRequests'][number];
type Listed = Omit<Waiting, 'state' | 'collector'> & { readonly state: string };

/** The requests for a username, newest first; those that wait for whoever reads no requests of others. */
export function RequestsFor({
  username,
  waiting,
}: {
  readonly username: string;
  readonly waiting: readonly Waiting[];
}) {
  const readsAll = may('read-all-requests');
  const pages = usePages<Listed>(
    async (cursor, signal) => {
      if (!readsAll) return { items: waiting, nextCursor: null };
      const params = { query: { username, limit: 20, ...(cursor !== undefined && { cursor }) } };
      return answerOf(api.GET('/v1/certificate-requests', { params, signal }));
    },
    [username, readsAll || waiting],
    ['certificate-requests'],
  );
  return (
    <Card title={readsAll ? 'Requests' : 'Requests that wait'} region>
      <Paged pages={pages} noun="requests" empty={<Empty>There is no request for it.</Empty>}>
        {(requests) => (
          <Table label="Requests for it" columns={['Asked', 'Cluster', 'Groups', 'State', 'Requester']}>
            {requests.map(({ id, cluster, groups, state, requester, createdAt }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={addresses.request(id)}>
                    <Instant of={createdAt} />
                  </a>
                </th>
                <td>{cluster}</td>
                <td>{groups.length > 0 && <Written text={groups.join(', ')} />}</td>
                <td>{state}</td>
                <td data-label="by">
                  <Written text={requester} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
    </Card>
  );
}
