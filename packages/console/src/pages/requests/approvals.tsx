import { useRef } from 'preact/hooks';
import { Card, Distance, Instant } from '../../parts/bits.js';
import { Icon } from '../../parts/icon.js';
import { now } from '../../parts/now.js';
import { approversInWords } from '../../parts/words.js';
import { type Request, stagesOf } from './request-words.js';

/**
 * The stages in words: who may approve, and who has. An approval has a line before it is given, so that nothing below
 * moves when it comes.
 */
export function Approvals({ request }: { readonly request: Request }) {
  const { state, decision, waitsUntil, approvals } = request;
  const known = useRef(new Set(approvals.map(({ at }) => at)));
  const stages = stagesOf(request);
  return (
    <Card
      title="Approvals"
      region
      aside={
        waitsUntil !== null && (
          <span class="muted">
            waits until <Instant of={waitsUntil} />
          </span>
        )
      }
    >
      {stages.length === 0 && (
        <p class="quiet">
          {decision.outcome === 'denied' ? 'Policy denied it at once.' : 'Policy approves it without a person.'}
        </p>
      )}
      <ol class="stages">
        {stages.map(({ count, approvers, given, needed, isNow }, stage) => (
          <li
            key={stage}
            class={needed === 0 && given.length >= count ? 'done' : isNow ? 'now' : ''}
            {...(isNow && { 'aria-current': 'step' })}
          >
            <b>
              {state === 'pending' ? count - needed : given.length} of {count}
            </b>{' '}
            <span class="muted">
              <bdi>{approversInWords(approvers)}</bdi>
            </span>
            {given.map(({ principal, at, comment }) => (
              <span key={at + principal} class="given">
                <span class="one-line">
                  <Icon name="check" /> <b title={principal}>{principal}</b>{' '}
                  <span class="muted">
                    <Distance of={at} now={now.value} />
                  </span>
                </span>
                {comment !== null && <q class={known.current.has(at) ? '' : 'came'}>{comment}</q>}
              </span>
            ))}
            {Array.from({ length: Math.min(needed, 3) }, (_, i) => (
              <span key={i} class="given muted">
                <Icon name="wait" /> to come
              </span>
            ))}
          </li>
        ))}
      </ol>
    </Card>
  );
}
