import { Card, Instant, Written } from '../../parts/bits.js';
import { addresses } from '../../parts/address.js';
import { Fact } from '../../parts/fact.js';
import type { Schemas } from '../../service/client.js';

/** The certificate that is to be renewed, and what that means. */
export const Renewed = ({ certificate }: { readonly certificate: Schemas['Certificate'] }) => (
  <Card title="The certificate to renew" region>
    <dl class="facts">
      <Fact name="Username">
        <Written text={certificate.username} />
      </Fact>
      <Fact name="Cluster">{certificate.cluster}</Fact>
      <Fact name="Groups">
        <Written text={certificate.groups.join(', ') || 'none'} most={240} />
      </Fact>
      <Fact name="Ends">
        <Instant of={certificate.notAfter} />
      </Fact>
      <Fact name="Fingerprint">
        <a href={addresses.certificate(certificate.fingerprintSha256)}>
          <code>{certificate.fingerprintSha256.slice(0, 16)}…</code>
        </a>
      </Fact>
    </dl>
    <p class="muted after">
      The new one is for the same cluster, username, groups, namespace, labels and collector, with another key. This one
      goes on working until it ends or is revoked.
    </p>
  </Card>
);
