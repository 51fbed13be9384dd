import { useSignal } from '@preact/signals';
import { announce } from '../../parts/announce.js';
import { Dialog } from '../../parts/dialog.js';
import { Trouble } from '../../parts/trouble.js';
import { answerOf, api, problemFrom } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { endInWords, type Request } from './request-words.js';

/** Takes the request back. A dialog says what ends with it. */
export function Cancel({ request }: { readonly request: Request }) {
  const isOpen = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
  const cancel = async () => {
    const call = { params: { path: { id: request.id } }, body: {} };
    error.value = await problemFrom(() => answerOf(api.POST('/v1/certificate-requests/{id}/cancel', call)));
    if (error.value !== null) return;
    announce('Cancelled.');
    isOpen.value = false;
  };
  return (
    <>
      <p class="buttons">
        <button class="danger" onClick={() => (isOpen.value = true)}>
          Cancel this request
        </button>
      </p>
      {isOpen.value && (
        <Dialog title="Cancel this request" onClose={() => (isOpen.value = false)}>
          <p>
            <bdi>{endInWords(request)}</bdi>
          </p>
          {error.value && <Trouble error={error.value} />}
          <p class="buttons">
            <button class="danger solid" onClick={() => void cancel()}>
              Cancel now
            </button>
            <button onClick={() => (isOpen.value = false)}>Keep it</button>
          </p>
        </Dialog>
      )}
    </>
  );
}
