import { Distance, Written } from '../../parts/bits.js';
import { ActDialog } from '../../parts/dialog.js';
import { announce } from '../../parts/announce.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { Continues } from './certificates-table.js';
import { useRevocationOn } from './use-revocation-on.js';
import { useWhy, WhyFields } from './why-fields.js';

interface RevokeDialogParts {
  readonly certificate: Schemas['Certificate'];
  readonly onClose: () => void;
  readonly onRevoked: () => void;
}

/** Says what a revocation ends and what goes on, and revokes. */
export function RevokeDialog({ certificate, onClose, onRevoked }: RevokeDialogParts) {
  const { fingerprintSha256, username, cluster, notAfter } = certificate;
  const { why, body } = useWhy('unspecified');
  const continues = useRevocationOn(cluster)?.continues ?? [];
  const revoke = async () => {
    const params = { path: { fingerprintSha256 } };
    await answerOf(api.POST('/v1/certificates/{fingerprintSha256}/revoke', { params, body: body() }));
    announce(`The certificate of ${username} on ${cluster} is revoked`);
    onRevoked();
  };
  return (
    <ActDialog title="Revoke this certificate" button="Revoke now" isDangerous act={revoke} onClose={onClose}>
      <p>
        The certificate of <Written text={username} /> on <Written text={cluster} /> would end{' '}
        <Distance of={notAfter} />. Once revoked, it is never valid again.
      </p>
      {continues.length > 0 && (
        <>
          <p>All the same its holder can go on with:</p>
          <Continues texts={continues} />
        </>
      )}
      <WhyFields {...why} />
    </ActDialog>
  );
}
