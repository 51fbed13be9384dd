import { useSignal } from '@preact/signals';
import { ActDialog } from '../../parts/dialog.js';
import { announce } from '../../parts/announce.js';
import { Instant, Written } from '../../parts/bits.js';
import { Field, TextField } from '../../parts/field.js';
import { instantOf } from '../../parts/filter.js';
import { many } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { useWhy, WhyFields } from '../certificates/why-fields.js';
import { useClusterNames } from './use-cluster-names.js';

interface Changing {
  readonly username: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Says what a block ends, and blocks. `identity`: absent where nothing is known of the username. */
export function BlockDialog({
  username,
  identity,
  onClose,
  onDone,
}: Changing & { readonly identity: Schemas['IdentityDetails'] | undefined }) {
  const { why, body } = useWhy('cessationOfOperation');
  const [cluster, until] = [useSignal(''), useSignal('')];
  const clusters = useClusterNames();
  const count = (what: 'certificates' | 'waitingRequests', noun: string) => {
    const some: readonly { readonly cluster: string }[] = identity?.[what] ?? [];
    const n = some.filter((one) => cluster.value === '' || cluster.value === one.cluster).length;
    return many(n, noun, identity?.omitted);
  };
  const block = async () => {
    const answer = await answerOf(
      api.POST('/v1/identities/{username}/block', {
        params: { path: { username } },
        body: {
          ...body(),
          ...(cluster.value !== '' && { clusters: [cluster.value] }),
          ...(until.value !== '' && { until: instantOf(until.value) }),
        },
      }),
    );
    const isOver = answer.residualExposure.length === 0;
    announce(`${username} is blocked${isOver ? ', and nothing of it works any more' : '; see what still works'}`);
    onDone();
  };
  return (
    <ActDialog title="Block this username" button="Block now" isDangerous act={block} onClose={onClose}>
      <p>
        <Written text={username} /> gets no certificate from now on, whoever asks, and may neither ask nor collect. This
        ends:
      </p>
      <ul class="bullets">
        <li>{count('certificates', 'live certificate')}, to be revoked for good</li>
        <li>{count('waitingRequests', 'waiting request')}, to be cancelled</li>
      </ul>
      <p class="quiet">The page then shows what its clusters go on to accept.</p>
      <WhyFields {...why} />
      <Field label="Where">
        {(ties) => (
          <select
            {...ties}
            value={cluster.value}
            onChange={({ currentTarget }) => (cluster.value = currentTarget.value)}
          >
            <option value="">on every cluster, future ones too</option>
            {clusters.map((name) => (
              <option key={name} value={name}>
                on {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Until" hint="Left empty: until it is unblocked.">
        {(ties) => (
          <input
            {...ties}
            type="datetime-local"
            value={until.value}
            onInput={({ currentTarget }) => (until.value = currentTarget.value)}
          />
        )}
      </Field>
    </ActDialog>
  );
}

/** Says what the end of a block changes and what it does not, and unblocks. */
export function UnblockDialog({
  username,
  block: { blockedBy, blockedAt },
  onClose,
  onDone,
}: Changing & { readonly block: Schemas['IdentityBlock'] }) {
  const comment = useSignal('');
  const unblock = async () => {
    const body = comment.value === '' ? {} : { comment: comment.value };
    const params = { path: { username } };
    const { blocked } = await answerOf(api.POST('/v1/identities/{username}/unblock', { params, body }));
    announce(blocked === null ? `${username} is not blocked any more` : `${username} is still blocked`);
    onDone();
  };
  return (
    <ActDialog title="Unblock this username" button="Unblock now" act={unblock} onClose={onClose}>
      <p>
        <Written text={blockedBy} /> blocked <Written text={username} />, <Instant of={blockedAt} />. It may ask again,
        and others may ask for it. No certificate and no request is revived.
      </p>
      <TextField label="Comment" value={comment} rows={2} maxLength={1024} />
    </ActDialog>
  );
}
