import { useSignal } from '@preact/signals';
import { Badge } from '../../parts/bits.js';
import { saveFile } from '../../parts/save-file.js';
import { Trouble } from '../../parts/trouble.js';
import { many } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';

/** Checks the chain of the audit log, and gives its signed checkpoint as a file. */
export function ChainCheck() {
  const found = useSignal<Schemas['ChainVerification'] | null>(null);
  const trouble = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const run = async (action: () => Promise<void>) => {
    busy.value = true;
    trouble.value = await problemFrom(action);
    busy.value = false;
  };
  const check = async () => {
    found.value = null;
    found.value = await answerOf(api.GET('/v1/audit-events/verification'));
  };
  const checkpoint = async () => {
    const { checkpoint, size } = await answerOf(api.GET('/v1/audit-events/checkpoint'));
    saveFile(`kubepass-${size}.checkpoint`, checkpoint, 'text/plain');
  };
  return (
    <div>
      <p class="buttons">
        <span role="status">
          {busy.value && 'Reading the log …'}
          {found.value && <Verdict found={found.value} />}
        </span>
        <button type="button" disabled={busy.value} onClick={() => void run(check)}>
          Check the chain
        </button>
        <button type="button" disabled={busy.value} onClick={() => void run(checkpoint)}>
          Save the checkpoint
        </button>
      </p>
      {trouble.value && <Trouble error={trouble.value} />}
    </div>
  );
}

const Verdict = ({ found }: { readonly found: Schemas['ChainVerification'] }) =>
  found.valid ? (
    <Badge tone="ok" icon="check">
      The chain is intact: {many(found.events, 'event')}
      {found.archivedEvents > 0 && `, ${found.archivedEvents} of them in archives and not checked here`}
    </Badge>
  ) : (
    <Badge tone="error" icon="warn">
      The chain is broken at event {found.firstInvalidSeq}
    </Badge>
  );
