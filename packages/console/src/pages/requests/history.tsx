import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Instant, Written } from '../../parts/bits.js';
import { Shown, useData } from '../../parts/data.js';
import { duration } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';
import { may } from '../../service/session.js';
import type { Request } from './request-words.js';

const mostRead = 50;
const mostShown = 5;

/** Shows what was asked for the same username before this request. */
export function History({ request: { id, username, createdAt } }: { readonly request: Request }) {
  const query = { username, limit: mostRead };
  const data = useData(
    (signal) => answerOf(api.GET('/v1/certificate-requests', { params: { query }, signal })),
    [id],
    ['certificate-requests', 'certificates'],
  );
  const all = addressOf('/console/requests', { view: 'all', usernamePrefix: username });
  const isComplete = data.value.value?.nextCursor === null;
  const nothing = isComplete
    ? may('read-all-requests')
      ? 'Nobody has asked for this username before.'
      : 'Nothing before this that you may read.'
    : `The latest ${mostRead} requests for this username came after this one.`;
  return (
    <Card title="Before this" aside={<a href={all}>All of this username</a>}>
      <Shown data={data} awaited="what came before">
        {({ items }) => {
          const before = items.filter((one) => one.createdAt < createdAt && one.id !== id);
          return before.length === 0 ? (
            <p class="quiet">{nothing}</p>
          ) : (
            <Earlier requests={before.slice(0, mostShown)} />
          );
        }}
      </Shown>
    </Card>
  );
}

const Earlier = ({ requests }: { readonly requests: readonly Request[] }) => (
  <ul class="items">
    {requests.map(({ id, cluster, groups, expirationSeconds, certificate, state, createdAt }) => (
      <li key={id}>
        <a href={addresses.request(id)}>
          {duration(expirationSeconds)} on {cluster}
        </a>
        , <Written text={groups.join(', ') || 'no group'} most={80} />
        <div class="muted">
          {certificate?.status ?? state}, {certificate?.status === 'valid' && 'until '}
          {certificate?.status === 'valid' ? <Instant of={certificate.notAfter} /> : <Distance of={createdAt} />}
        </div>
      </li>
    ))}
  </ul>
);
