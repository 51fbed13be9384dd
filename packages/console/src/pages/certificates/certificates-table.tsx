import type { ComponentChildren } from 'preact';
import { addresses } from '../../parts/address.js';
import { Instant, Status, Written } from '../../parts/bits.js';
import { Linked } from '../../parts/page.js';
import { type Cells, Columns } from '../../parts/table.js';
import { sentence } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { isOwn, may } from '../../service/session.js';

type Certificate = Schemas['Certificate'];

/** Whether revoking it would end something, and the caller may. */
export const isRevocable = (certificate: Certificate): boolean =>
  ['valid', 'superseded'].includes(certificate.status) && (may('revoke-certificates') || isOwn(certificate));

/** The first octets of a fingerprint, as a link for whoever reads all certificates or `isOwn`. */
export const FingerprintLink = ({ of, isOwn: isTheirs = true }: { readonly of: string; readonly isOwn?: boolean }) => (
  <Linked href={addresses.certificate(of)} when={isTheirs || may('read-all-certificates')}>
    <code>{of.slice(0, 16)}</code>
  </Linked>
);

/** The ways to go on with a revoked certificate, in the words of the API. */
export const Continues = ({ texts }: { readonly texts: readonly string[] }) => (
  <ul class="bullets">
    {texts.map((text) => (
      <li key={text}>{sentence(text)}</li>
    ))}
  </ul>
);

interface CertificatesTableParts {
  readonly label: string;
  readonly certificates: readonly Certificate[];
  /** The last cell of a row. */
  readonly action?: (certificate: Certificate) => ComponentChildren;
}
export const CertificatesTable = ({ label, certificates, action }: CertificatesTableParts) => (
  <Columns
    label={label}
    rows={certificates.map((one) => ({ ...one, id: one.fingerprintSha256 }))}
    cells={action ? { ...cells, '': action } : cells}
  />
);
const cells: Cells<Certificate> = {
  Username: (one) => {
    const isReadable = may('read-all-certificates') || isOwn(one);
    return <Written text={one.username} href={isReadable && addresses.certificate(one.fingerprintSha256)} />;
  },
  Cluster: ({ cluster }) => cluster,
  Groups: ({ groups }) => groups.length > 0 && <Written text={groups.join(', ')} />,
  Status: ({ status }) => <Status of={status} />,
  From: ({ notBefore }) => <Instant of={notBefore} />,
  Until: ({ notAfter }) => <Instant of={notAfter} />,
  Requester: ({ requester }) => <Written text={requester} />,
};
