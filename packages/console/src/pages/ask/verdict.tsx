import { useId } from 'preact/hooks';
import { Badge, Written } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { duration, sentence, stageInWords } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import type { Said } from './asking-policy.js';

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
        <p class="muted">It is asked once the fields say who is to get in where. Nothing is sent before you ask.</p>
      ) : decision.outcome === 'permitted' ? (
        <Permitted {...decision} />
      ) : (
        <>
          <Badge tone="error" icon="cross">
            Not permitted
          </Badge>
          {others.length < decision.violations.length && <p>What is wrong stands below the fields.</p>}
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
        {isAtOnce ? 'Nobody is asked.' : 'Who will be asked:'}
      </p>
      <ol>
        {stages.map((stage, i) => (
          <li key={i}>
            {i > 0 ? 'then ' : stages.length > 1 && 'first '}
            <Written text={stageInWords(stage)} most={200} />
          </li>
        ))}
      </ol>
      {expiresAfterSeconds !== null && <p class="muted">The request waits at most {duration(expiresAfterSeconds)}.</p>}
    </>
  );
};
