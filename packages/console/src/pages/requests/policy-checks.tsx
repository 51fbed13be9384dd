import { addresses } from '../../parts/address.js';
import { Card, Written } from '../../parts/bits.js';
import { Icon } from '../../parts/icon.js';
import { sentence } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';

const verdicts = { permits: 'permits', denies: 'denies', notApplicable: 'does not apply' } as const;

/** Why policy decided as it did: the checks of the deciding policy, the others folded. */
export function PolicyChecks({ decision }: { readonly decision: Schemas['RecordedDecision'] }) {
  const { trace, traceNote, policy, outcome, violations } = decision;
  const deciding = trace?.find(({ kind, name }) => kind === 'policy' && name === policy);
  const others = (trace ?? decision.verdicts.map((one) => ({ ...one, kind: '', checks: [] }))).filter(
    (entry) => entry !== deciding,
  );
  return (
    <Card
      title={outcome === 'permitted' ? 'Why policy permits it' : 'Why policy denied it'}
      aside={policy !== null && <a href={addresses.policy(policy)}>{policy}</a>}
    >
      {violations.map(({ reason, message }) => (
        <p key={reason + message} class="band error">
          <Icon name="cross" />
          <bdi>{sentence(message)}</bdi>
        </p>
      ))}
      {deciding && <Checks checks={deciding.checks} />}
      {others.length > 0 && (
        <details>
          <summary>
            {others.length} {deciding && 'other '}policies and guardrails
          </summary>
          <ul class="checks">
            {others.map(({ kind, name, verdict, checks }) => (
              <li key={kind + name} class={verdict === 'denies' ? 'error' : verdict === 'permits' ? 'ok' : 'plain'}>
                <Icon name={verdict === 'denies' ? 'cross' : 'check'} />
                <Written text={name} />
                <span class="muted">
                  {[verdicts[verdict], ...checks.flatMap(({ passed, check }) => (passed ? [] : [check]))].join(', ')}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {traceNote && <p class="quiet note">{sentence(traceNote)}</p>}
    </Card>
  );
}

/** Each check with what the request has and what would pass. */
export const Checks = ({ checks }: { readonly checks: Schemas['TraceEntry']['checks'] }) => (
  <ul class="checks">
    {checks.map(({ check, passed, expected, found }) => (
      <li key={check} class={passed ? 'ok' : 'error'}>
        <Icon name={passed ? 'check' : 'cross'} />
        <span>
          {check}
          <span class="hidden">{passed ? ' passes' : ' does not pass'}</span>
        </span>
        <span>
          <code>
            <Written text={found} most={48} />
          </code>{' '}
          <span class="muted">
            <Written text={expected} most={240} />
          </span>
        </span>
      </li>
    ))}
  </ul>
);
