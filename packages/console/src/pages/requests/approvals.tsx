import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { addresses } from '../../parts/address.js';
import { Card, Distance, Instant } from '../../parts/bits.js';
import { ActDialog } from '../../parts/dialog.js';
import { Icon } from '../../parts/icon.js';
import { tell } from '../../parts/results.js';
import { approversInWords } from '../../parts/words.js';
import { answerOf, api } from '../../service/client.js';
import { caller } from '../../service/session.js';
import { type Request, resultInWords, stagesOf } from './request-words.js';

/**
 * The stages in words: who may approve, and who has. An approval has a line before it is given, so that nothing below
 * moves when it comes.
 */
export function Approvals({ request }: { readonly request: Request }) {
  const { decision, waitsUntil, approvals, actions } = request;
  const known = useRef(new Set(approvals.map(({ at }) => at)));
  const stages = stagesOf(request);
  const until = waitsUntil !== null && (
    <span class="muted">
      waits until <Instant of={waitsUntil} />
    </span>
  );
  return (
    <Card title="Approvals" region aside={until}>
      {stages.length === 0 && (
        <p class="quiet">
          {decision.outcome === 'denied' ? 'Policy denied it.' : 'Policy approved it; nobody else has to.'}
        </p>
      )}
      <ol class="steps" hidden={stages.length === 0}>
        {stages.map(({ count, approvers, given, counted, needed, look }, stage) => (
          <li key={stage} class={look} {...(look === 'now' && { 'aria-current': 'step' })}>
            <b>
              {counted} of {count}
            </b>{' '}
            <bdi class="muted">{approversInWords(approvers)}</bdi>
            {given.map(({ principal, at, comment }) => (
              <div key={at + principal}>
                <span class="one-line">
                  <span class="ok">
                    <Icon name="check" />
                  </span>{' '}
                  <b title={principal}>
                    <bdi>{principal}</bdi>
                  </b>{' '}
                  <span class="muted">
                    <Distance of={at} />
                  </span>
                </span>
                {comment !== null && (
                  <q class={known.current.has(at) ? '' : 'came'}>
                    <bdi>{comment}</bdi>
                  </q>
                )}
              </div>
            ))}
            {Array.from({ length: Math.min(needed, 3) }, (_, i) => (
              <span key={i} class="one-line muted">
                <Icon name="wait" /> to come
              </span>
            ))}
          </li>
        ))}
      </ol>
      {actions?.cancel.allowed && <Cancel request={request} />}
    </Card>
  );
}

/** Takes the request back. A dialog says what ends with it. */
function Cancel({ request: { id, username, cluster, state, approvals } }: { readonly request: Request }) {
  const isOpen = useSignal(false);
  const cancel = async () => {
    const call = { params: { path: { id } }, body: {} };
    const ended = await answerOf(api.POST('/v1/certificate-requests/{id}/cancel', call));
    tell(resultInWords('Cancelled', ended, caller.value?.name ?? ''), addresses.request(id));
  };
  return (
    <>
      <p class="buttons">
        <button type="button" class="danger" onClick={() => (isOpen.value = true)}>
          Cancel this request
        </button>
      </p>
      {isOpen.value && (
        <ActDialog
          title="Cancel this request"
          button="Cancel now"
          isDangerous
          act={cancel}
          onClose={() => (isOpen.value = false)}
        >
          <p>
            The request of <bdi>{username}</bdi> on {cluster} ends: nobody can{' '}
            {state === 'approved' ? 'collect its kubeconfig' : 'approve it'} any more, and no certificate is issued.
            {approvals.length > 0 && ' The approvals that were given are lost.'}
          </p>
        </ActDialog>
      )}
    </>
  );
}
