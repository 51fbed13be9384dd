import { addresses } from '../../parts/address.js';
import { Card, Written } from '../../parts/bits.js';
import { Icon } from '../../parts/icon.js';
import { sentence } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { checkInWords, valueInWords } from '../policies/in-words.js';

const verdicts = {
  permits: { words: 'permits', tone: 'ok', icon: 'check' },
  denies: { words: 'denies', tone: 'error', icon: 'cross' },
  notApplicable: { words: 'does not apply', tone: 'plain', icon: 'check' },
} as const;

/** Why policy decided as it did: the checks of the deciding policy, the others folded. */
export function PolicyChecks({ decision }: { readonly decision: Schemas['RecordedDecision'] }) {
  const { trace, traceNote, policy, outcome, violations } = decision;
  const all = trace ?? decision.verdicts.map((one) => ({ ...one, kind: '', checks: [] }));
  const deciding = all.find(({ kind, name }) => kind === 'policy' && name === policy);
  const others = all.filter((entry) => entry !== deciding);
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
              <li key={kind + name} class={verdicts[verdict].tone}>
                <Icon name={verdicts[verdict].icon} />
                <Written text={name} />
                <span class="muted">
                  {[
                    verdicts[verdict].words,
                    ...checks.filter(({ passed }) => !passed).map(({ check }) => checkInWords(check)),
                  ].join(', ')}
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

type ChecksParts = { readonly checks: Schemas['TraceEntry']['checks'] };

/** The checks that do not pass, and the others folded. */
function Checks({ checks }: ChecksParts) {
  const failed = checks.filter(({ passed }) => !passed);
  const passed = checks.length - failed.length;
  return (
    <>
      {failed.length > 0 && <CheckList checks={failed} />}
      {passed > 0 && (
        <details>
          <summary>{failed.length > 0 ? `${passed} pass` : `All ${passed} checks pass`}</summary>
          <CheckList checks={checks.filter((one) => one.passed)} />
        </details>
      )}
    </>
  );
}

/** Each check with what the request has and what would pass. */
const CheckList = ({ checks }: ChecksParts) => (
  <ul class="checks">
    {checks.map(({ check, passed, expected, found }) => (
      <li key={check} class={passed ? 'ok' : 'error'}>
        <Icon name={passed ? 'check' : 'cross'} />
        <span>
          {checkInWords(check)}
          <span class="hidden">{passed ? ' passes' : ' does not pass'}</span>
        </span>
        <span class="muted">
          <code>
            <Written text={valueInWords(check, found)} most={48} />
          </code>{' '}
          <Written text={valueInWords(check, expected)} most={240} />
        </span>
      </li>
    ))}
  </ul>
);
