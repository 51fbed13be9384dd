import { addresses } from '../../parts/address.js';
import { Badge, Distance, Empty } from '../../parts/bits.js';
import { now } from '../../parts/now.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { usePages } from '../../parts/use-pages.js';
import { answerOf, api, type Schemas } from '../../service/client.js';

type Cluster = Schemas['Cluster'];

/** The clusters, and what each was last found able to do. */
export function Clusters() {
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/clusters', {
          params: { query: { limit: 100, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [],
    ['clusters'],
  );
  return (
    <Page title="Clusters">
      <Paged pages={pages} noun="clusters" empty={<Empty>No cluster is configured.</Empty>}>
        {(clusters) => (
          <div class="table" tabIndex={0} role="region" aria-label="Clusters">
            <table>
              <thead>
                <tr>
                  <th scope="col">Cluster</th>
                  <th scope="col">Signer</th>
                  <th scope="col">Last probe</th>
                  <th scope="col">Revoked certificates</th>
                </tr>
              </thead>
              <tbody>
                {clusters.map((cluster) => (
                  <Row key={cluster.name} cluster={cluster} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Paged>
    </Page>
  );
}

const Row = ({ cluster }: { readonly cluster: Cluster }) => (
  <tr>
    <th scope="row">
      <a href={addresses.cluster(cluster.name)}>{cluster.name}</a>
      <div class="muted">{cluster.server}</div>
    </th>
    <td>{signerInWords(cluster)}</td>
    <td>
      <ProbeState cluster={cluster} />
    </td>
    <td>
      <EnforcementState revocation={cluster.revocation} />
    </td>
  </tr>
);

export const signerInWords = ({ signer }: Pick<Cluster, 'signer'>): string =>
  signer === 'localCA' ? 'kubepass, with a CA of its own' : 'the cluster itself';

/** The last probe in a word: whether certificates are signed and accepted. */
export function ProbeState({ cluster: { probe, probedAt, probeStartedAt } }: { readonly cluster: Cluster }) {
  if (probeStartedAt !== null) return <Badge tone="info">probing</Badge>;
  if (probe === null || probedAt === null) return <span class="muted">never probed</span>;
  const isGood = probe.signs === 'yes' && probe.accepts === 'yes';
  const isBad = probe.signs === 'no' || probe.accepts === 'no' || probe.reachable === false;
  return (
    <>
      <Badge tone={isGood ? 'ok' : isBad ? 'error' : 'warning'} icon={isGood ? 'check' : 'warn'}>
        {isGood ? 'signs, and is accepted' : isBad ? 'does not work' : 'not known'}
      </Badge>{' '}
      <span class="muted">
        <Distance of={probedAt} now={now.value} />
      </span>
    </>
  );
}

/** Whether the cluster refuses revoked certificates, and since when that is shown. */
export function EnforcementState({
  revocation: { mode, verifiedAt },
}: {
  readonly revocation: Pick<Cluster['revocation'], 'mode' | 'verifiedAt'>;
}) {
  if (mode === 'none') return <Badge tone="warning">go on working</Badge>;
  if (verifiedAt === null) return <Badge tone="warning">refused by {mode}, not proven</Badge>;
  return (
    <>
      <Badge tone="ok" icon="check">
        refused by {mode}
      </Badge>{' '}
      <span class="muted">
        seen <Distance of={verifiedAt} now={now.value} />
      </span>
    </>
  );
}
