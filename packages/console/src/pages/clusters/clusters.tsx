import { addresses } from '../../parts/address.js';
import { Badge, Distance, Empty } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Paged, useList } from '../../parts/data.js';
import { type Cells, Columns } from '../../parts/table.js';
import type { Schemas } from '../../service/client.js';

type Cluster = Schemas['Cluster'];

/** The clusters, and what each was last found able to do. */
export function Clusters() {
  const pages = useList('/v1/clusters', { limit: 100 }, ['clusters']);
  const empty = <Empty>No cluster is configured: name one in the configuration of the service.</Empty>;
  return (
    <Page title="Clusters">
      <Paged pages={pages} noun="clusters" empty={empty}>
        {(clusters) => (
          <Columns label="Clusters" rows={clusters.map((one) => ({ ...one, id: one.name }))} cells={cells} />
        )}
      </Paged>
    </Page>
  );
}

const cells: Cells<Cluster> = {
  Cluster: ({ name, server }) => (
    <>
      <a href={addresses.cluster(name)}>{name}</a>
      <div class="muted server">{server}</div>
    </>
  ),
  'Signed by': (cluster) => signerInWords(cluster),
  'Last probe': (cluster) => <ProbeState cluster={cluster} />,
  'Revoked certificates': (cluster) => <EnforcementState {...cluster} />,
};

export const signerInWords = ({ signer }: Pick<Cluster, 'signer'>): string =>
  signer === 'localCA' ? 'kubepass, by a CA of its own' : 'the cluster itself';

/** The last probe in a word: whether certificates are signed and accepted. */
function ProbeState({ cluster: { probe, probedAt, probeStartedAt } }: { readonly cluster: Cluster }) {
  if (probeStartedAt !== null) return <Badge tone="info">probe running</Badge>;
  if (probe === null || probedAt === null) return <span class="muted">never probed</span>;
  const { signs, accepts, reachable } = probe;
  const isGood = signs === 'yes' && accepts === 'yes';
  const isBad = signs === 'no' || accepts === 'no' || reachable === false;
  return (
    <>
      <Badge tone={isGood ? 'ok' : isBad ? 'error' : 'warning'} icon={isGood ? 'check' : 'warn'}>
        {isGood ? 'works' : reachable === false ? 'cannot be reached' : isBad ? 'does not work' : 'not known'}
      </Badge>{' '}
      <span class="muted">
        <Distance of={probedAt} />
      </span>
    </>
  );
}

/** Whether the cluster refuses revoked certificates, and when that was last seen. */
export const EnforcementState = ({ revocation: { mode, verifiedAt } }: Pick<Cluster, 'revocation'>) =>
  mode === 'none' || verifiedAt === null ? (
    <Badge tone="warning" icon="warn">
      {mode === 'none' ? 'go on working' : `refused by ${mode}, not proven`}
    </Badge>
  ) : (
    <>
      <Badge tone="ok" icon="check">
        refused by {mode}
      </Badge>{' '}
      <span class="muted">
        verified <Distance of={verifiedAt} />
      </span>
    </>
  );
