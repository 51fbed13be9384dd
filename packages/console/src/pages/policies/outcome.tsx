import { Badge, Written } from '../../parts/bits.js';
import { approvalInWords, duration } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

type Decided = Pick<Schemas['Decision'], 'outcome' | 'policy' | 'expirationSeconds' | 'stages'>;

/** A decision in a badge and a sentence. */
export function Outcome({ of: { outcome, policy, expirationSeconds, stages } }: { readonly of: Decided }) {
  const isPermitted = outcome === 'permitted';
  const length = expirationSeconds === null ? '' : `for ${duration(expirationSeconds)}, `;
  return (
    <p>
      <Badge tone={isPermitted ? 'ok' : 'error'} icon={isPermitted ? 'check' : 'cross'}>
        {outcome}
      </Badge>{' '}
      {isPermitted && length + approvalInWords(stages)}{' '}
      {policy !== null && (
        <span class="muted">
          policy <Written text={policy} />
        </span>
      )}
    </p>
  );
}
