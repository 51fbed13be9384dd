import { useSignal } from '@preact/signals';
import { announce } from '../../parts/announce.js';
import { Dialog } from '../../parts/dialog.js';
import { Trouble } from '../../parts/trouble.js';
import { answerOf, api, problemFrom } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { endInWords, type Request } from './request-words.js';

/** Says what ends with the request, and ends it. */
export function CancelDialog({ request, onClose }: { readonly request: Request; readonly onClose: () => void }) {
  const error = useSignal<ProblemError | null>(null);
  const cancel = async () => {
    const call = { params: { path: { id: request.id } }, body: {} };
    error.value = await problemFrom(() => answerOf(api.POST('/v1/certificate-requests/{id}/cancel', call)));
    if (error.value !== null) return;
    announce('Cancelled.');
    onClose();
  };
  return (
    <Dialog title="Cancel this request" onClose={onClose}>
      <p>
        <bdi>{endInWords(request)}</bdi>
      </p>
      {error.value && <Trouble error={error.value} />}
      <p class="buttons">
        <button type="button" class="danger solid" onClick={() => void cancel()}>
          Cancel now
        </button>
        <button type="button" onClick={onClose}>
          Keep it
        </button>
      </p>
    </Dialog>
  );
}
