import { useRoute } from 'preact-iso/router';
import { addresses } from '../../parts/address.js';
import { Badge, Card, Distance, Empty, Instant, type Tone, Written, Fact } from '../../parts/bits.js';
import { FileLink } from '../../parts/files.js';
import { Crumb, Page } from '../../parts/page.js';
import { Paged, Shown, useList, useRead } from '../../parts/data.js';
import { type Cells, Columns } from '../../parts/table.js';
import { duration, many, sentence } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { EnforcementState, signerInWords } from './clusters.js';
import { Probe } from './probe.js';

type Cluster = Schemas['Cluster'];
type Issuer = Schemas['Issuer'];

/** One cluster: what it was last found able to do, whether it refuses revoked certificates, its CAs and its signer. */
export function ClusterPage() {
  const name = useRoute().params['name'] ?? '';
  const data = useRead('/v1/clusters/{name}', { name }, ['clusters']);
  return (
    <Page title={name} above={<Crumb href="/console/clusters" name="Clusters" />}>
      <Shown data={data} awaited="the cluster">
        {(cluster) => (
          <div class="columns">
            <div>
              <Probe cluster={cluster} data={data} />
              <Revocation cluster={cluster} />
              {may('read-cluster-csrs') && isConnected(cluster) && <ClusterCsrs name={name} />}
            </div>
            <div>
              <Configured cluster={cluster} />
              {cluster.signer === 'localCA' && <Issuers name={name} />}
              <Authorities name={name} />
            </div>
          </div>
        )}
      </Shown>
    </Page>
  );
}

/** Whether kubepass has a connection to the API server by which it can list objects. */
const isConnected = ({ signer, readsRoleBindings }: Cluster): boolean => signer === 'kubernetes' || readsRoleBindings;

const Configured = ({ cluster }: { readonly cluster: Cluster }) => (
  <Card title="As configured" region>
    <dl class="facts">
      <Fact name="API server">
        <bdi>{cluster.server}</bdi>
      </Fact>
      <Fact name="Signed by">{signerInWords(cluster)}</Fact>
      <Fact name="Role bindings">
        {cluster.readsRoleBindings ? 'read, so that a review shows what a certificate opens' : 'not read'}
      </Fact>
      {cluster.allowPrivilegedGroups.length > 0 && (
        <Fact name="Privileged groups">policy may give out {cluster.allowPrivilegedGroups.join(', ')}</Fact>
      )}
    </dl>
  </Card>
);

const files = [
  ['authorization-configuration', 'authorization-configuration.yaml', 'for --authorization-config of the API server'],
  ['authorization-webhook-kubeconfig', 'authorization-webhook.kubeconfig', 'how the API server asks kubepass'],
  ['revocation-policy', 'revocation-policy.yaml', 'where no configuration of the API server can be changed'],
] as const;

function Revocation({ cluster: { name, revocation } }: { readonly cluster: Cluster }) {
  const { continues, delaySeconds, verifiedAt } = revocation;
  return (
    <Card title="Revoked certificates" aside={<EnforcementState revocation={revocation} />} region>
      {verifiedAt !== null && (
        <p>
          Verified <Instant of={verifiedAt} />
          {delaySeconds !== null && `: a revoked certificate was refused after ${duration(delaySeconds)}`}.
        </p>
      )}
      {continues.length > 0 && (
        <>
          <h3>What goes on after a revocation</h3>
          <ul class="bullets">
            {continues.map((text) => (
              <li key={text}>{sentence(text)}</li>
            ))}
          </ul>
        </>
      )}
      {may('read-enforcement') && (
        <>
          <h3>Files that make it refuse them</h3>
          <ul class="files">
            {files.map(([route, file, purpose]) => (
              <li key={route}>
                <FileLink
                  href={`/v1/clusters/${encodeURIComponent(name)}/${route}`}
                  name={`${name}-${file}`}
                  type="application/yaml"
                >
                  {file}
                </FileLink>
                <span class="muted">{purpose}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** The CAs that sign for users and for the API server. */
function Authorities({ name }: { readonly name: string }) {
  const data = useRead('/v1/clusters/{name}/certificate-authority', { name }, ['clusters']);
  return (
    <Card title="Certificate authorities" region>
      <Shown data={data} awaited="the certificate authorities">
        {({ client, serving }) => (
          <>
            <h3>Of users</h3>
            {client === null ? <p class="muted">Unknown: the cluster did not say.</p> : <Bundle of={client} />}
            <h3>Of the API server</h3>
            <Bundle of={serving} />
          </>
        )}
      </Shown>
    </Card>
  );
}

const Bundle = ({ of: { certificates } }: { readonly of: Schemas['CertificateAuthority'] }) => (
  <ul>
    {certificates.map(({ fingerprintSha256, subject, notAfter }) => (
      <li key={fingerprintSha256}>
        <Written text={subject} most={128} />, until <Instant of={notAfter} />
        <p>
          <code class="muted">{fingerprintSha256}</code>
        </p>
      </li>
    ))}
  </ul>
);

const tones: Readonly<Record<Issuer['state'], Tone>> = {
  uncertified: 'warning',
  next: 'info',
  active: 'ok',
  retiring: 'warning',
  retired: 'plain',
};
const places = { file: 'a file', 'encrypted-file': 'an encrypted file', agent: 'an agent' } as const;

/** The CAs whose keys kubepass uses for this cluster, and how many certificates depend on each. */
function Issuers({ name }: { readonly name: string }) {
  const pages = useList('/v1/clusters/{name}/issuers', { name, limit: 100 }, ['clusters', 'certificates']);
  return (
    <Card title="Issuers" region>
      <Paged pages={pages} noun="issuers" empty={<Empty>No issuer is configured.</Empty>}>
        {(issuers) => issuers.map((issuer) => <One key={issuer.name} issuer={issuer} />)}
      </Paged>
    </Card>
  );
}

const One = ({ issuer: { name, state, subject, notAfter, key, certificates } }: { readonly issuer: Issuer }) => (
  <section aria-label={name}>
    <h3>
      {name} <Badge tone={tones[state]}>{state}</Badge>
    </h3>
    <dl class="facts">
      <Fact name="Subject">{subject && <Written text={subject} most={128} />}</Fact>
      <Fact name="Until">{notAfter && <Instant of={notAfter} />}</Fact>
      <Fact name="Key">
        {key === null
          ? 'no longer configured'
          : `${key.algorithm ?? 'not known yet'}, in ${places[key.kind]}${key.available ? '' : ' that does not answer'}`}
      </Fact>
      <Fact name="Live">
        {many(certificates.live, 'certificate')}
        {certificates.latestNotAfter && (
          <>
            , the last until <Instant of={certificates.latestNotAfter} />
          </>
        )}
      </Fact>
    </dl>
  </section>
);

/** The CertificateSigningRequest objects of the cluster, whoever made them. They are read when the page opens. */
function ClusterCsrs({ name }: { readonly name: string }) {
  const pages = useList('/v1/clusters/{name}/certificate-signing-requests', { name, limit: 50 });
  const again = (
    <button type="button" onClick={pages.reload}>
      Read again
    </button>
  );
  return (
    <Card title="Its CSRs" aside={again} region>
      <Paged
        pages={pages}
        noun="CSRs"
        empty={<Empty>There is none: a cluster deletes a CSR about an hour after it was decided.</Empty>}
      >
        {(items) => <Columns label="CSRs" rows={items.map((one) => ({ ...one, id: one.uid }))} cells={cells} />}
      </Paged>
    </Card>
  );
}

const cells: Cells<Schemas['CertificateSigningRequest']> = {
  CSR: ({ name, requestId, signerName }) => (
    <>
      <Written text={name} href={requestId !== null && addresses.request(requestId)} />
      <div class="muted">
        <Written text={signerName} />
      </div>
    </>
  ),
  'Asked by': ({ ours, username }) => (ours ? 'kubepass' : <Written text={username} />),
  Subject: ({ request: { subject } }) => <Written text={subject ?? 'cannot be read'} most={128} />,
  Status: ({ status, createdAt }) => (
    <>
      <Badge tone="plain">{status}</Badge>
      <div class="muted">
        <Distance of={createdAt} />
      </div>
    </>
  ),
};
