import { addresses } from '../../parts/address.js';
import { Card, Distance, Fact, Written } from '../../parts/bits.js';
import { spaced } from '../../parts/words.js';
import type { Request } from './request-words.js';

/** Tells what has happened since the request was made, and the facts that nobody decides by. */
export function Story({ request }: { readonly request: Request }) {
  const { id, timeline = [], publicKey, keyAlgorithm, reason, namespace, renewalOf, waitsUntil } = request;
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
      <dl class="facts">
        <Fact name="Key">
          {publicKey ? (
            <code>{publicKey.spkiSha256}</code>
          ) : (
            `${keyAlgorithm}, ${waitsUntil === null ? 'never made' : 'made when it is collected'}`
          )}
        </Fact>
        {namespace !== null && <Fact name="Namespace">{namespace}</Fact>}
        {renewalOf !== null && (
          <Fact name="Renews">
            <a href={addresses.certificate(renewalOf)}>{renewalOf.slice(0, 16)}…</a>
          </Fact>
        )}
        <Fact name="Request">
          <code>{id}</code>
        </Fact>
      </dl>
    </Card>
  );
}
