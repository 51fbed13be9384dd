import { useSignal } from '@preact/signals';
import { Badge } from '../../parts/bits.js';
import { FileLink } from '../../parts/file-link.js';
import { Trouble } from '../../parts/trouble.js';
import { many } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';

/** Checks the chain of the audit log, and gives its signed checkpoint as a file. */
export function ChainCheck() {
  const found = useSignal<Schemas['ChainVerification'] | null>(null);
  const trouble = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const check = async () => {
    busy.value = true;
    found.value = null;
    trouble.value = await problemFrom(async () => {
      found.value = await answerOf(api.GET('/v1/audit-events/verification'));
    });
    busy.value = false;
  };
  return (
    <div class="chips">
      <span role="status">
        {busy.value && <span class="muted">Reading the log …</span>}
        {found.value && <Verdict found={found.value} />}
      </span>
      <button type="button" disabled={busy.value} onClick={() => void check()}>
        Check the chain
      </button>
      <FileLink href="/v1/audit-events/checkpoint" name="kubepass.checkpoint" type="text/plain">
        Checkpoint
      </FileLink>
      {trouble.value && <Trouble error={trouble.value} />}
    </div>
  );
}

const Verdict = ({ found }: { readonly found: Schemas['ChainVerification'] }) =>
  found.valid ? (
    <>
      <Badge tone="ok" icon="check">
        The chain is intact
      </Badge>{' '}
      {many(found.events, 'event')}
      {found.archivedEvents > 0 && `, of which ${found.archivedEvents} are in archives and were not checked here`}
    </>
  ) : (
    <Badge tone="error" icon="warn">
      The chain is broken at event {found.firstInvalidSeq}
    </Badge>
  );
