import { useLocation } from 'preact-iso/router';
import { addresses } from '../../parts/address.js';
import { Card, Facts, Instant, Written } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Shown, useData } from '../../parts/data.js';
import { duration } from '../../parts/words.js';
import { read, type Schemas } from '../../service/client.js';
import { caller } from '../../service/session.js';
import { AskForm } from './ask-form.js';
import type { Offer } from './policy-says.js';
import type { AskValues } from './spec.js';
import type { Known } from './use-ask.js';

/** Asks for a certificate, or for one in place of another. The fields are filled from the address. */
export function Ask() {
  const { url } = useLocation();
  const query = new URL(url, location.origin).searchParams;
  const renewalOf = query.get('renewalOf');
  const data = useData((signal) => readKnown(renewalOf, signal), [renewalOf], ['policies', 'clusters']);
  return (
    <Page title={renewalOf === null ? 'Ask for a certificate' : 'Renew a certificate'}>
      <Shown data={data} awaited="what policy offers you">
        {(known) => (
          <>
            {known.certificate && <Renewed {...known.certificate} />}
            <AskForm key={url} first={filled(query, known)} isFilled={query.size > 0} known={known} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** The part of a policy from which members of a directory group have groups. */
type Spec = { readonly allowed?: { readonly groupsFromDirectory?: Offer['fromDirectory'] } };

async function readKnown(fingerprintSha256: string | null, signal: AbortSignal): Promise<Known> {
  if (fingerprintSha256 !== null) {
    const certificate = await read('/v1/certificates/{fingerprintSha256}', { fingerprintSha256 }, signal);
    return { offers: [], clusters: [], certificate };
  }
  const [{ items }, clusters, policies] = await Promise.all([
    read('/v1/policies/offers', {}, signal),
    read('/v1/clusters', {}, signal),
    read('/v1/policies', { limit: 500 }, signal),
  ]);
  // An offer lacks the groups that depend on the directory.
  const allowed = new Map(policies.items.map(({ name, spec }) => [name, (spec as Spec).allowed?.groupsFromDirectory]));
  const offers = items.map((offer) => ({ ...offer, fromDirectory: allowed.get(offer.policy) ?? {} }));
  return { offers, clusters: clusters.items.map(({ name }) => name), certificate: null };
}

/** The fields as an address has them; else what there is but one of. */
function filled(query: URLSearchParams, { offers, clusters }: Known): AskValues {
  const text = (name: string) => query.getAll(name).join(', ');
  const seconds = Number(text('expirationSeconds'));
  const own = caller.value?.name ?? '';
  return {
    cluster: text('cluster') || (clusters.length === 1 ? (clusters[0] ?? '') : ''),
    username: text('username') || (offers.some(({ usernames }) => usernames.includes(own)) ? own : ''),
    groups: text('group'),
    lifetime: seconds > 0 ? duration(seconds) : '',
    reason: text('reason'),
    namespace: text('namespace'),
    labels: text('label'),
    collector: text('collector'),
    csr: '',
  };
}

const Renewed = ({ username, cluster, groups, notAfter, fingerprintSha256 }: Schemas['Certificate']) => (
  <Card title="The certificate to renew" region>
    <Facts
      of={{
        Username: <Written text={username} />,
        Cluster: cluster,
        Groups: <Written text={groups.join(', ') || 'none'} most={240} />,
        Ends: <Instant of={notAfter} />,
      }}
    />
    <p class="muted after">
      The new one is for the same cluster, username, groups, namespace, labels and collector, with another key.{' '}
      <a href={addresses.certificate(fingerprintSha256)}>This one</a> goes on working until it ends or is revoked.
    </p>
  </Card>
);
