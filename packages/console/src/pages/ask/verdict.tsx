import { useId } from 'preact/hooks';
import { Badge, Written } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { duration, sentence, stageInWords } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import type { Said } from './use-verdict.js';

type Decision = Schemas['Decision'];

/** The answer of policy about the ask as it stands. `others`: the violations that are about no field. */
export function WhatPolicySays({
  said: { decision, error },
  others,
}: {
  readonly said: Said;
  readonly others: readonly Schemas['Violation'][];
}) {
  const id = useId();
  return (
    <div class="card verdict" role="status" aria-labelledby={id}>
      <h2 id={id}>What policy says</h2>
      {error && <Trouble error={error} />}
      {!error && !decision && (
        <p class="muted">
          It is asked as soon as the fields say who is to get in where. Nothing is sent before you ask.
        </p>
      )}
      {decision?.outcome === 'permitted' && <Permitted decision={decision} />}
      {decision?.outcome === 'denied' && <Denied decision={decision} others={others} />}
    </div>
  );
}

const Permitted = ({
  decision: { stages, policy, expirationSeconds, expiresAfterSeconds },
}: {
  readonly decision: Decision;
}) => (
  <>
    {stages.length === 0 ? (
      <Badge tone="ok" icon="check">
        Permitted at once
      </Badge>
    ) : (
      <Badge tone="info" icon="wait">
        Permitted after approval
      </Badge>
    )}
    <p>
      For {duration(expirationSeconds ?? 0)}, by policy <Written text={policy ?? ''} />.{' '}
      {stages.length === 0 ? 'Nobody is asked.' : 'Who will be asked:'}
    </p>
    {stages.length > 0 && (
      <ol>
        {stages.map((stage, i) => (
          <li key={i}>
            {i > 0 ? 'then ' : stages.length > 1 && 'first '}
            <Written text={stageInWords(stage)} most={200} />
          </li>
        ))}
      </ol>
    )}
    {expiresAfterSeconds !== null && <p class="muted">The request waits at most {duration(expiresAfterSeconds)}.</p>}
  </>
);

const Denied = ({
  decision: { violations },
  others,
}: {
  readonly decision: Decision;
  readonly others: readonly Schemas['Violation'][];
}) => (
  <>
    <Badge tone="error" icon="cross">
      Not permitted
    </Badge>
    {others.length < violations.length && <p>What is wrong stands below the fields.</p>}
    {others.length > 0 && (
      <ul>
        {others.map(({ source, message }) => (
          <li key={source + message}>
            <bdi>{sentence(message)}</bdi> <span class="muted">{source}</span>
          </li>
        ))}
      </ul>
    )}
  </>
);
