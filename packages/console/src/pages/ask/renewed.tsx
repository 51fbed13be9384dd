import { Card, Instant, Written } from '../../parts/bits.js';
import { addresses } from '../../parts/address.js';
import type { Schemas } from '../../service/client.js';

/** The certificate that is to be renewed, and what that means. */
export const Renewed = ({ certificate }: { readonly certificate: Schemas['Certificate'] }) => (
  <Card title="The certificate to renew" region>
    <dl class="facts">
      <dt>Username</dt>
      <dd>
        <Written text={certificate.username} />
      </dd>
      <dt>Cluster</dt>
      <dd>{certificate.cluster}</dd>
      <dt>Groups</dt>
      <dd>
        <Written text={certificate.groups.join(', ') || 'none'} most={240} />
      </dd>
      <dt>Ends</dt>
      <dd>
        <Instant of={certificate.notAfter} />
      </dd>
      <dt>Fingerprint</dt>
      <dd>
        <a href={addresses.certificate(certificate.fingerprintSha256)}>
          <code>{certificate.fingerprintSha256.slice(0, 16)}…</code>
        </a>
      </dd>
    </dl>
    <p class="muted after">
      The new one is for the same cluster, username, groups, namespace, labels and collector, with another key. This one
      goes on working until it ends or is revoked.
    </p>
  </Card>
);
