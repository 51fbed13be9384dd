import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Instant, Written } from '../../parts/bits.js';
import { Shown, useRead } from '../../parts/data.js';
import { duration } from '../../parts/words.js';
import { may } from '../../service/session.js';
import type { Request } from './request-words.js';

const mostRead = 50;
const mostShown = 5;

/** Shows what was asked for the same username before this request. */
export function History({ request: { id, username, createdAt } }: { readonly request: Request }) {
  const kinds = ['certificate-requests', 'certificates'] as const;
  const data = useRead('/v1/certificate-requests', { username, limit: mostRead }, kinds);
  const all = addressOf('/console/requests', { view: 'all', usernamePrefix: username });
  return (
    <Card title="Before this" aside={<a href={all}>All of this username</a>}>
      <Shown data={data} awaited="what came before">
        {({ items, nextCursor }) => {
          const before = items.filter((one) => one.createdAt < createdAt && one.id !== id);
          if (before.length === 0 && nextCursor !== null)
            return <p class="quiet">The latest {mostRead} requests for this username came after this one.</p>;
          if (before.length === 0)
            return (
              <p class="quiet">
                {may('read-all-requests') ? 'Nobody has asked for this username before.' : 'Nothing that you may read.'}
              </p>
            );
          return <ul class="items">{before.slice(0, mostShown).map(Earlier)}</ul>;
        }}
      </Shown>
    </Card>
  );
}

const Earlier = ({ id, cluster, groups, expirationSeconds, certificate, state, createdAt }: Request) => (
  <li key={id}>
    <a href={addresses.request(id)}>
      {duration(expirationSeconds)} on {cluster}
    </a>
    , <Written text={groups.join(', ') || 'no group'} most={80} />
    <div class="muted">
      {certificate?.status ?? state},{' '}
      {certificate?.status === 'valid' ? (
        <>
          until <Instant of={certificate.notAfter} />
        </>
      ) : (
        <Distance of={createdAt} />
      )}
    </div>
  </li>
);
