import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Distance, Instant, Written } from '../../parts/bits.js';
import { useRead } from '../../parts/data.js';
import { ActDialog } from '../../parts/dialog.js';
import { Field, TextField } from '../../parts/field.js';
import { tell } from '../../parts/results.js';
import { many, sentence, spaced, stillWorks } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { Continues } from './certificates-table.js';

const reasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly Schemas['RevocationReason'][];

/** Fields for the reason of RFC 5280, section 5.3.1, and a comment; and both as the API takes them. */
function useWhy(first: (typeof reasons)[number]) {
  const [reason, comment] = [useSignal<(typeof reasons)[number]>(first), useSignal('')];
  const fields = (
    <>
      <Field label="Reason">
        {(ties) => (
          <select
            {...ties}
            value={reason}
            onChange={({ currentTarget }) => (reason.value = reasons[currentTarget.selectedIndex] ?? first)}
          >
            {reasons.map((one) => (
              <option key={one} value={one}>
                {spaced(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField label="Comment" value={comment} rows={2} maxLength={1024} />
    </>
  );
  return { fields, why: () => ({ reason: reason.value, ...(comment.value && { comment: comment.value }) }) };
}

/** How a cluster refuses revoked certificates, and what goes on: the words of the answer to a revocation. */
export const useRevocationOn = (name: string): Schemas['Cluster']['revocation'] | undefined =>
  useRead('/v1/clusters/{name}', { name }, ['clusters']).value.value?.revocation;

type Ending<T> = Readonly<T> & { readonly onClose: () => void; readonly onDone: () => void };
type Block = Schemas['IdentityBlock'];

/** Says what a revocation ends and what goes on, and revokes. */
export function RevokeDialog({ certificate, onClose, onDone }: Ending<{ certificate: Schemas['Certificate'] }>) {
  const { fingerprintSha256, username, cluster, notAfter } = certificate;
  const { fields, why } = useWhy('unspecified');
  const continues = useRevocationOn(cluster)?.continues ?? [];
  const revoke = async () => {
    const params = { path: { fingerprintSha256 } };
    const call = api.POST('/v1/certificates/{fingerprintSha256}/revoke', { params, body: why() });
    const { enforcement } = await answerOf(call);
    const isRefused = enforcement?.continues.length === 0;
    const result = isRefused ? `${cluster} refuses it from now on` : `It ${stillWorks([certificate])}`;
    tell(`Revoked: the certificate of ${username} on ${cluster}. ${result}.`, addresses.certificate(fingerprintSha256));
    onDone();
  };
  return (
    <ActDialog title="Revoke this certificate" button="Revoke now" isDangerous act={revoke} onClose={onClose}>
      <p>
        The certificate of <Written text={username} /> on <Written text={cluster} /> would end{' '}
        <Distance of={notAfter} />. Once revoked, it is never valid again.
      </p>
      {continues.length > 0 && <p>Its holder can still use it for:</p>}
      <Continues texts={continues} />
      {fields}
    </ActDialog>
  );
}

/** Says what a block ends, and blocks everywhere. `identity`: absent where nothing is known of the username. */
export function BlockDialog({
  username,
  identity,
  onClose,
  onDone,
}: Ending<{ username: string; identity: Schemas['IdentityDetails'] | undefined }>) {
  const { fields, why } = useWhy('cessationOfOperation');
  const { certificates = [], waitingRequests = [], omitted } = identity ?? {};
  const block = async () => {
    const call = { params: { path: { username } }, body: why() };
    const { residualExposure } = await answerOf(api.POST('/v1/identities/{username}/block', call));
    const count = residualExposure.length;
    const rest = count > 0 ? `${many(count, 'certificate')} ${stillWorks(residualExposure)}` : 'nothing of it works';
    tell(`Blocked: ${username}. ${sentence(rest)}`, addresses.identity(username));
    onDone();
  };
  return (
    <ActDialog title="Block this username" button="Block now" isDangerous act={block} onClose={onClose}>
      <p>
        <Written text={username} /> gets no certificate from now on, on any cluster, whoever asks, and may neither ask
        nor collect, until it is unblocked. This ends:
      </p>
      <ul class="bullets">
        <li>{many(certificates.length, 'live certificate', omitted)}, to be revoked for good</li>
        <li>{many(waitingRequests.length, 'waiting request', omitted)}, to be cancelled</li>
      </ul>
      <p class="quiet">Afterwards the page shows what still works.</p>
      {fields}
    </ActDialog>
  );
}

/** Says what the end of a block changes and what it does not, and unblocks. */
export function UnblockDialog({ username, block, onClose, onDone }: Ending<{ username: string; block: Block }>) {
  const comment = useSignal('');
  const unblock = async () => {
    const call = { params: { path: { username } }, body: comment.value ? { comment: comment.value } : {} };
    const { blocked } = await answerOf(api.POST('/v1/identities/{username}/unblock', call));
    const rest = blocked === null ? 'It may get certificates again' : 'A block on some clusters remains';
    tell(`Unblocked: ${username}. ${rest}.`, addresses.identity(username));
    onDone();
  };
  return (
    <ActDialog title="Unblock this username" button="Unblock now" act={unblock} onClose={onClose}>
      <p>
        <Written text={block.blockedBy} /> blocked <Written text={username} />, <Instant of={block.blockedAt} />. It may
        ask again, and others may ask for it. No certificate and no request is revived.
      </p>
      <TextField label="Comment" value={comment} rows={2} maxLength={1024} />
    </ActDialog>
  );
}
