import { Written, Empty } from '../../parts/bits.js';
import { approvalInWords, either } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { said } from '../../parts/lifetime.js';

/** A policy whose selector the caller meets, in the words of its file. */
export interface Offer {
  readonly policy: string;
  readonly clusters: readonly string[];
  readonly usernames: readonly string[];
  readonly groups: readonly string[];
  readonly maxExpirationSeconds: number | null;
  readonly keyAlgorithms: readonly string[];
  readonly stages: readonly Schemas['ApprovalStage'][];
  readonly reason: { readonly required: boolean; readonly pattern: string | null };
  readonly collectors: readonly string[];
}

/** The offers of policy to the caller, a sentence for each, before anything is typed. */
export const Offers = ({ offers }: { readonly offers: readonly Offer[] }) =>
  offers.length === 0 ? (
    <Empty>No policy is for you here. Policy may still say why not: fill the fields in, or ask an admin.</Empty>
  ) : (
    <ul class="offers">
      {offers.map((offer) => (
        <li key={offer.policy}>
          <p>
            <b>
              <Written text={scopeOf(offer)} most={120} />
            </b>
            : {termsOf(offer)}
          </p>
          <p class="muted">
            <Written text={detailsOf(offer)} most={240} />
          </p>
        </li>
      ))}
    </ul>
  );

/** `dev, team-*`: the clusters, then the groups. */
export const scopeOf = ({ clusters, groups }: Pick<Offer, 'clusters' | 'groups'>): string =>
  [...(clusters.includes('*') ? ['any cluster'] : clusters), ...groups].join(', ');

/** `up to a day, at once`. */
export const termsOf = ({ maxExpirationSeconds, stages }: Pick<Offer, 'maxExpirationSeconds' | 'stages'>): string =>
  `${maxExpirationSeconds === null ? 'any lifetime' : `up to ${said(maxExpirationSeconds)}`}, ${approvalInWords(stages)}`;

function detailsOf({ policy, usernames, reason, keyAlgorithms, collectors }: Offer): string {
  const parts = [
    usernames.includes('*') ? 'For any username' : `For ${either(usernames)}`,
    reason.pattern === null ? reason.required && 'with a reason' : `with a reason that matches ${reason.pattern}`,
    keyAlgorithms.length > 0 && `key ${either(keyAlgorithms)}`,
    collectors.length > 0 && `collected by ${collectors.includes('*') ? 'anybody' : either(collectors)}`,
  ].filter((part) => part !== false);
  return `${parts.join(', ')} (policy ${policy})`;
}
