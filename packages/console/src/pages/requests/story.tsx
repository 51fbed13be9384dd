import { addresses } from '../../parts/address.js';
import { Card, Distance, Written } from '../../parts/bits.js';
import { now } from '../../parts/now.js';
import { spaced } from '../../parts/words.js';
import type { Request } from './request-words.js';

/** Tells what has happened since the request was made, and the facts that nobody decides by. */
export function Story({ request }: { readonly request: Request }) {
  const { id, timeline = [], publicKey, keyAlgorithm, reason, namespace, renewalOf } = request;
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
        <dt>Key</dt>
        <dd>{publicKey ? <code>{publicKey.spkiSha256}</code> : `${keyAlgorithm}, made when it is collected`}</dd>
        {namespace !== null && (
          <>
            <dt>Namespace</dt>
            <dd>{namespace}</dd>
          </>
        )}
        {renewalOf !== null && (
          <>
            <dt>Renews</dt>
            <dd>
              <a href={addresses.certificate(renewalOf)}>{renewalOf.slice(0, 16)}…</a>
            </dd>
          </>
        )}
        <dt>Request</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </dl>
    </Card>
  );
}
