import { useRoute } from 'preact-iso/router';
import { Card, Empty, Instant } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { duration, many, sentence } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { ClusterCsrs } from './cluster-csrs.js';
import { EnforcementState, ProbeState, signerInWords } from './clusters.js';
import { EnforcementFiles } from './enforcement-files.js';
import { Issuers } from './issuers.js';
import { Probe } from './probe.js';

type Cluster = Schemas['Cluster'];

/** One cluster: its CA, its signer, what it was last found able to do, and whether it refuses revoked certificates. */
export function ClusterPage() {
  const name = useRoute().params['name'] ?? '';
  const path = { path: { name } };
  const data = useData(
    (signal) => answerOf(api.GET('/v1/clusters/{name}', { params: path, signal })),
    [name],
    ['clusters'],
  );
  return (
    <Page
      title={name}
      above={
        <nav class="crumbs" aria-label="Breadcrumb">
          <a href="/console/clusters">Clusters</a>
        </nav>
      }
    >
      <Shown data={data} awaited="the cluster">
        {(cluster) => (
          <>
            <Card title="Cluster" region>
              <Facts cluster={cluster} />
            </Card>
            <Probe cluster={cluster} onProbed={data.reload} />
            <Revocation cluster={cluster} />
            <Authorities name={name} />
            {cluster.signer === 'localCA' && <Issuers name={name} />}
            {may('read-cluster-csrs') && <ClusterCsrs name={name} />}
          </>
        )}
      </Shown>
    </Page>
  );
}

const Facts = ({ cluster }: { readonly cluster: Cluster }) => (
  <dl class="facts">
    <dt>API server</dt>
    <dd>
      <code>{cluster.server}</code>
    </dd>
    <dt>Signer</dt>
    <dd>{signerInWords(cluster)}</dd>
    <dt>Last probe</dt>
    <dd>
      <ProbeState cluster={cluster} />
    </dd>
    <dt>Role bindings</dt>
    <dd>{cluster.readsRoleBindings ? 'read, so a review shows what a certificate opens' : 'not read'}</dd>
    {cluster.allowPrivilegedGroups.length > 0 && (
      <>
        <dt>Privileged groups</dt>
        <dd>policies may permit {cluster.allowPrivilegedGroups.join(', ')}</dd>
      </>
    )}
  </dl>
);

function Revocation({ cluster: { name, revocation } }: { readonly cluster: Cluster }) {
  const { continues, delaySeconds, verifiedAt } = revocation;
  return (
    <Card title="Revoked certificates" aside={<EnforcementState revocation={revocation} />} region>
      {delaySeconds !== null && verifiedAt !== null && (
        <p>
          When a probe revoked its certificate, it went on working for {duration(delaySeconds)}. That was{' '}
          <Instant of={verifiedAt} />.
        </p>
      )}
      {continues.length > 0 && (
        <>
          <h3>Goes on after a revocation</h3>
          <ul class="bullets">
            {continues.map((text) => (
              <li key={text}>{sentence(text)}</li>
            ))}
          </ul>
        </>
      )}
      {may('read-enforcement') && <EnforcementFiles name={name} />}
    </Card>
  );
}

/** The CA that signs for the API server, and the CAs of users. */
function Authorities({ name }: { readonly name: string }) {
  const data = useData(
    (signal) => answerOf(api.GET('/v1/clusters/{name}/certificate-authority', { params: { path: { name } }, signal })),
    [name],
    ['clusters'],
  );
  return (
    <Card title="Certificate authorities" region>
      <Shown data={data} awaited="the certificate authorities">
        {({ client, serving }) => (
          <>
            <h3>Of users</h3>
            {client === null ? <Empty>kubepass does not know it.</Empty> : <Bundle authority={client} />}
            <h3>Of the API server</h3>
            <Bundle authority={serving} />
          </>
        )}
      </Shown>
    </Card>
  );
}

const Bundle = ({ authority: { certificates } }: { readonly authority: Schemas['CertificateAuthority'] }) => (
  <ul>
    {certificates.map(({ fingerprintSha256, subject, notAfter }) => (
      <li key={fingerprintSha256}>
        <bdi>{subject}</bdi>, until <Instant of={notAfter} />
        <div class="muted">
          SHA-256 <code>{fingerprintSha256}</code>
        </div>
      </li>
    ))}
    {certificates.length > 1 && <li class="muted">{many(certificates.length, 'certificate')}</li>}
  </ul>
);
