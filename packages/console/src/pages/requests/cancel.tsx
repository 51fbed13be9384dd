import { useSignal } from '@preact/signals';
import { ActDialog } from '../../parts/dialog.js';
import { announce } from '../../parts/announce.js';
import { answerOf, api } from '../../service/client.js';
import { endInWords, type Request } from './request-words.js';

/** Takes the request back. A dialog says what ends with it. */
export function Cancel({ request }: { readonly request: Request }) {
  const isOpen = useSignal(false);
  const call = { params: { path: { id: request.id } }, body: {} };
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
          act={async () => {
            await answerOf(api.POST('/v1/certificate-requests/{id}/cancel', call));
            announce('Cancelled.');
          }}
          onClose={() => (isOpen.value = false)}
        >
          <p>
            <bdi>{endInWords(request)}</bdi>
          </p>
        </ActDialog>
      )}
    </>
  );
}
