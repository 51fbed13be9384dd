import { useSignal } from '@preact/signals';
import { Badge } from '../../parts/bits.js';
import { FileLink } from '../../parts/files.js';
import { useAct } from '../../parts/trouble.js';
import { many } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';

/** Checks the chain of the audit log, and gives its signed checkpoint as a file. */
export function ChainCheck() {
  const found = useSignal<Schemas['ChainVerification'] | null>(null);
  const { isBusy, run, trouble } = useAct();
  const check = async () => {
    found.value = null;
    found.value = await answerOf(api.GET('/v1/audit-events/verification'));
  };
  return (
    <div class="chips">
      <span role="status">
        {isBusy && 'Reading the log …'}
        {found.value && <Verdict found={found.value} />}
      </span>
      <button type="button" disabled={isBusy} onClick={() => void run(check)}>
        Check the chain
      </button>
      <FileLink href="/v1/audit-events/checkpoint" name="kubepass.checkpoint" type="text/plain">
        Checkpoint
      </FileLink>
      {trouble}
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
