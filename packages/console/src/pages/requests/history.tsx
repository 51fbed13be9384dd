import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Facts, Instant, Status, Written } from '../../parts/bits.js';
import { Shown, useRead } from '../../parts/data.js';
import { Linked } from '../../parts/page.js';
import { duration, spaced } from '../../parts/words.js';
import { isOwn, may } from '../../service/session.js';
import type { Request } from './request-words.js';

const mostRead = 50;
const mostShown = 5;

/** Shows what was asked for the same username before this request. */
export function History({ request: { id, username, createdAt } }: { readonly request: Request }) {
  const kinds = ['certificate-requests', 'certificates'] as const;
  const data = useRead('/v1/certificate-requests', { username, limit: mostRead }, kinds);
  const all = addressOf('/console/requests', { view: 'all', usernamePrefix: username });
  return (
    <Card title="Before this" aside={<a href={all}>All requests for this username</a>}>
      <Shown data={data} awaited="what came before">
        {({ items, nextCursor }) => {
          const before = items.filter((one) => one.createdAt < createdAt && one.id !== id);
          if (before.length === 0 && nextCursor !== null)
            return <p class="quiet">The latest {mostRead} requests for this username came after this one.</p>;
          if (before.length === 0)
            return (
              <p class="quiet">
                {may('read-all-requests')
                  ? 'This is the first request for this username.'
                  : 'Nothing that you can see.'}
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
      <Status of={certificate?.status ?? state} />{' '}
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

/** Tells what has happened since the request was made, and the facts that nobody decides by. */
export function Story({ request }: { readonly request: Request }) {
  const { id, timeline = [], publicKey, keyAlgorithm, reason, namespace, renewalOf, waitsUntil } = request;
  const made = waitsUntil === null ? 'never made' : 'made when it is collected';
  return (
    <Card title="So far">
      <ol class="steps">
        {timeline.map(({ at, type, principal, message }, i) => (
          <li key={i} class="past">
            {spaced(type)}{' '}
            <span class="muted">
              {principal === null ? 'kubepass' : <Written text={principal} />}, <Distance of={at} />
            </span>
            {message !== null && message !== reason && (
              <q>
                <bdi>{message}</bdi>
              </q>
            )}
          </li>
        ))}
      </ol>
      <Facts
        of={{
          Key: publicKey ? <code>{publicKey.spkiSha256}</code> : `${keyAlgorithm}, ${made}`,
          Namespace: namespace,
          Renews: renewalOf && (
            <Linked href={addresses.certificate(renewalOf)} {...(isOwn(request) && { when: true })}>
              {renewalOf.slice(0, 16)}…
            </Linked>
          ),
          Request: <code>{id}</code>,
        }}
      />
    </Card>
  );
}
