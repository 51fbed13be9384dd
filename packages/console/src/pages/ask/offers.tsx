import { Card, Empty, Written } from '../../parts/bits.js';
import { approvalInWords, either, said } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { caller } from '../../service/session.js';

export type Offer = Schemas['PolicyOffer'];

/** The offers of policy to the caller, a sentence for each, before anything is typed. */
export const Offers = ({ offers }: { readonly offers: readonly Offer[] }) => (
  <Card title="What policy offers you" region>
    {offers.length === 0 && (
      <Empty>No policy is for you. Fill the fields in and policy says why, or ask an admin.</Empty>
    )}
    <ul class="offers">
      {offers.map((offer) => (
        <li key={offer.policy}>
          <b>
            <Written text={[...offer.clusters, ...offer.groups].join(', ')} most={120} />
          </b>
          : {termsOf(offer)}
          <p class="muted">
            <Written text={detailsOf(offer)} most={240} />
          </p>
        </li>
      ))}
    </ul>
  </Card>
);

/** `up to a day, at once`. */
export const termsOf = ({ maxExpirationSeconds, stages }: Pick<Offer, 'maxExpirationSeconds' | 'stages'>): string =>
  `${maxExpirationSeconds === null ? 'any lifetime' : `up to ${said(maxExpirationSeconds)}`}, ${approvalInWords(stages)}`;

const anybody = (names: readonly string[]): string => (names.includes('*') ? 'anybody' : either(names));

function detailsOf({ policy, usernames, reason, keyAlgorithms, collectors }: Offer): string {
  const parts = [
    usernames.includes('*') ? 'Any username' : `For ${either(usernames)}`,
    reason.required && `with a reason${reason.pattern === null ? '' : ` that matches ${reason.pattern}`}`,
    !keyAlgorithms.includes(usualKey) && `with a key ${either(keyAlgorithms)}`,
    collectors.join() !== caller.value?.name && `collected by ${anybody(collectors)}`,
  ];
  return `${parts.filter((part) => part !== false).join(', ')} (policy ${policy})`;
}

/** The offers for a cluster; for none that has any, all of them. */
export function offersFor(offers: readonly Offer[], cluster: string): readonly Offer[] {
  const fit = offers.filter(({ clusters }) => clusters.includes(cluster.trim()));
  return fit.length > 0 ? fit : offers;
}

const usualKey = 'ECDSA-P256';
/** The kind of key to ask for on a cluster where no policy takes the usual one. */
export const keyFor = (offers: readonly Offer[], cluster: string): Offer['keyAlgorithms'][number] | undefined => {
  const fit = offersFor(offers, cluster);
  return fit.some(({ keyAlgorithms }) => keyAlgorithms.includes(usualKey)) ? undefined : fit[0]?.keyAlgorithms[0];
};
