import { useId } from 'preact/hooks';
import { Badge, Card, Empty, Written } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { approvalInWords, duration, either, said, sentence, stageInWords } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { caller } from '../../service/session.js';
import type { Said } from './asking-policy.js';

/** What policy offers, and the groups that members of a group of the directory have besides. */
export type Offer = Schemas['PolicyOffer'] & { readonly fromDirectory: Readonly<Record<string, readonly string[]>> };

type OffersParts = { readonly offers: readonly Offer[]; readonly onTaken: (offer: Offer) => void };

/** The offers of policy to the caller, a sentence for each. One that is chosen fills the fields. */
export const Offers = ({ offers, onTaken }: OffersParts) => (
  <Card title="What policy offers you" region>
    {offers.length === 0 && (
      <Empty>No policy offers you anything. Fill in the fields to see why, or ask an admin.</Empty>
    )}
    <ul class="items">
      {offers.map((offer) => (
        <li key={offer.policy}>
          <button type="button" class="offer" onClick={() => onTaken(offer)}>
            <b>
              <Written text={[...offer.clusters, ...offer.groups].join(', ')} most={120} />
            </b>
            : {termsOf(offer)}
            <span class="quiet">
              <Written text={detailsOf(offer)} most={320} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  </Card>
);

/** `up to a day, at once`. */
const termsOf = ({ maxExpirationSeconds, stages }: Offer): string =>
  `${maxExpirationSeconds === null ? 'any lifetime' : `up to ${said(maxExpirationSeconds)}`}, ${approvalInWords(stages)}`;

const anybody = (names: readonly string[]): string => (names.includes('*') ? 'anybody' : either(names));

function detailsOf({ policy, usernames, reason, keyAlgorithms, collectors, fromDirectory }: Offer): string {
  const parts = [
    usernames.includes('*') ? 'Any username' : `For ${either(usernames)}`,
    ...Object.entries(fromDirectory).map(([of, groups]) => `members of ${of} also in ${either(groups)}`),
    reason.required && `with a reason${reason.pattern === null ? '' : ` that matches ${reason.pattern}`}`,
    !keyAlgorithms.includes(usualKey) && `with a key ${either(keyAlgorithms)}`,
    collectors.join() !== caller.value?.name && `collected by ${anybody(collectors)}`,
  ];
  return `${parts.filter((part) => part !== false).join(', ')} (policy ${policy})`;
}

/** The offers for a cluster. Where it has none, or is not typed yet, all offers. */
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

interface Answer extends Said {
  /** The violations that are about no field. */
  readonly others: readonly Schemas['Violation'][];
  /** Asks policy again. */
  readonly again: () => void;
}

/** The answer of policy about the ask as it stands. */
export function WhatPolicySays({ decision, error, others, again }: Answer) {
  const id = useId();
  return (
    <div class="card verdict" role="status" aria-labelledby={id}>
      <h2 id={id}>What policy says</h2>
      {error ? (
        <Trouble error={error} {...(error.problem.status >= 429 && { again })} />
      ) : !decision ? (
        <p class="muted">
          You see the answer as soon as the fields say who needs access to what. Nothing is sent until you ask.
        </p>
      ) : decision.outcome === 'permitted' ? (
        <Permitted {...decision} />
      ) : (
        <>
          <Badge tone="error" icon="cross">
            Not permitted
          </Badge>
          {others.length < decision.violations.length && <p>See the messages below the fields.</p>}
          <ul>
            {others.map(({ source, message }) => (
              <li key={source + message}>
                <bdi>{sentence(message)}</bdi> <span class="muted">{source}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

const Permitted = ({ stages, policy, expirationSeconds, expiresAfterSeconds }: Schemas['Decision']) => {
  const isAtOnce = stages.length === 0;
  return (
    <>
      <Badge tone={isAtOnce ? 'ok' : 'info'} icon={isAtOnce ? 'check' : 'wait'}>
        {isAtOnce ? 'Permitted at once' : 'Permitted after approval'}
      </Badge>
      <p>
        For {duration(expirationSeconds ?? 0)}, by policy <Written text={policy ?? ''} />.{' '}
        {isAtOnce ? 'No approval is needed.' : 'Approvals needed:'}
      </p>
      <ol>
        {stages.map((stage, i) => (
          <li key={i}>
            {i > 0 ? 'then ' : stages.length > 1 && 'first '}
            <Written text={stageInWords(stage)} most={200} />
          </li>
        ))}
      </ol>
      {expiresAfterSeconds !== null && (
        <p class="muted">The request waits for up to {duration(expiresAfterSeconds)}.</p>
      )}
    </>
  );
};
