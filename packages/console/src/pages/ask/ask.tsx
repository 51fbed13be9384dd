import { useLocation } from 'preact-iso/router';
import { Card } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { duration } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';
import { caller } from '../../service/session.js';
import { AskForm, type Known } from './ask-form.js';
import { Offers, type Offer } from './offers.js';
import { Renewed } from './renewed.js';
import { valuesWith, type AskValues } from './spec.js';

/** Asks for a certificate, or for one in place of another. The fields are filled from the address. */
export function Ask() {
  const { url } = useLocation();
  const query = new URL(url, location.origin).searchParams;
  const renewalOf = query.get('renewalOf');
  const data = useData(
    (signal) => (renewalOf === null ? offered(signal) : renewed(renewalOf, signal)),
    [renewalOf],
    ['policies', 'clusters'],
  );
  return (
    <Page title={renewalOf === null ? 'Ask for a certificate' : 'Renew a certificate'}>
      <Shown data={data} awaited="what policy offers you">
        {({ offers, clusters, certificate }) => (
          <>
            {certificate ? (
              <Renewed certificate={certificate} />
            ) : (
              <Card title="What policy offers you" region>
                <Offers offers={offers} />
              </Card>
            )}
            <AskForm
              key={url}
              first={filled(query, { offers, clusters, certificate })}
              isFilled={query.size > 0}
              known={{ offers, clusters, certificate }}
            />
          </>
        )}
      </Shown>
    </Page>
  );
}

async function offered(signal: AbortSignal): Promise<Known> {
  const [{ items: offers }, { items }] = await Promise.all([
    answerOf(api.GET('/v1/policies/offers', { signal })),
    answerOf(api.GET('/v1/clusters', { signal })),
  ]);
  return { offers, clusters: items.map(({ name }) => name), certificate: null };
}

async function renewed(fingerprintSha256: string, signal: AbortSignal): Promise<Known> {
  const params = { path: { fingerprintSha256 } };
  const certificate = await answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { params, signal }));
  return { offers: [], clusters: [], certificate };
}

/** The fields as an address has them; else what there is but one of. */
function filled(query: URLSearchParams, { offers, clusters }: Known): AskValues {
  const text = (name: string) => query.get(name) ?? '';
  const seconds = Number(text('expirationSeconds'));
  return valuesWith({
    cluster: text('cluster') || (clusters.length === 1 ? (clusters[0] ?? '') : ''),
    username: text('username') || ownName(offers),
    groups: query.getAll('group').join(', '),
    lifetime: seconds > 0 ? duration(seconds) : '',
    reason: text('reason'),
    namespace: text('namespace'),
    labels: query.getAll('label').join(', '),
    collector: text('collector'),
  });
}

/** The caller's own name, where a policy offers certificates for it by name. */
const ownName = (offers: readonly Offer[]): string => {
  const name = caller.value?.name ?? '';
  return offers.some(({ usernames }) => usernames.includes(name)) ? name : '';
};
