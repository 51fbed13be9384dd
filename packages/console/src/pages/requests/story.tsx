import { addresses } from '../../parts/address.js';
import { Card, Distance, Facts, Written } from '../../parts/bits.js';
import { spaced } from '../../parts/words.js';
import type { Request } from './request-words.js';

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
          Renews: renewalOf && <a href={addresses.certificate(renewalOf)}>{renewalOf.slice(0, 16)}…</a>,
          Request: <code>{id}</code>,
        }}
      />
    </Card>
  );
}
