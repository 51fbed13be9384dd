import { addresses } from '../../parts/address.js';
import { Card, Distance, Written } from '../../parts/bits.js';
import { Fact } from '../../parts/fact.js';
import { now } from '../../parts/now.js';
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
              {principal === null ? 'kubepass' : <Written text={principal} />}, <Distance of={at} now={now.value} />
            </span>
            {message !== null && message !== reason && <q>{message}</q>}
          </li>
        ))}
      </ol>
      <dl class="facts">
        <Fact name="Key">
          {publicKey && <code>{publicKey.spkiSha256}</code>}
          {!publicKey && `${keyAlgorithm}, ${waitsUntil === null ? 'never made' : 'made when it is collected'}`}
        </Fact>
        <Fact name="Namespace">{namespace}</Fact>
        <Fact name="Renews">
          {renewalOf && <a href={addresses.certificate(renewalOf)}>{renewalOf.slice(0, 16)}…</a>}
        </Fact>
        <Fact name="Request">
          <code>{id}</code>
        </Fact>
      </dl>
    </Card>
  );
}
