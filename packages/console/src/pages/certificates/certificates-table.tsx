import type { ComponentChildren } from 'preact';
import { addresses } from '../../parts/address.js';
import { Badge, Instant, type Tone, Written } from '../../parts/bits.js';
import { Linked } from '../../parts/page.js';
import type { IconName } from '../../parts/icon.js';
import { Table } from '../../parts/table.js';
import { sentence } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import { caller, may } from '../../service/session.js';

type Certificate = Schemas['Certificate'];

/** Whether the certificate is the caller's: they asked for it, or may collect its key. */
export const isOwn = ({ requester, collector }: Certificate): boolean =>
  [requester, collector].includes(caller.value?.name ?? '');

/** Whether revoking it would end something, and the caller may. */
export const isRevocable = (certificate: Certificate): boolean =>
  ['valid', 'superseded'].includes(certificate.status) && (may('revoke-certificates') || isOwn(certificate));

const looks: Readonly<Record<Certificate['status'], readonly [Tone, IconName]>> = {
  valid: ['ok', 'check'],
  superseded: ['info', 'check'],
  expired: ['plain', 'wait'],
  revoked: ['error', 'cross'],
};
export const Status = ({ of }: { readonly of: Certificate['status'] }) => (
  <Badge tone={looks[of][0]} icon={looks[of][1]}>
    {of}
  </Badge>
);

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
  <Table label={label} columns={[...columns, ...(action ? [''] : [])]}>
    {certificates.map((one) => (
      <tr key={one.fingerprintSha256}>
        <th scope="row">
          <Linked href={addresses.certificate(one.fingerprintSha256)} when={may('read-all-certificates') || isOwn(one)}>
            <Written text={one.username} />
          </Linked>
        </th>
        <td class="short">{one.cluster}</td>
        <td>{one.groups.length > 0 && <Written text={one.groups.join(', ')} />}</td>
        <td>
          <Status of={one.status} />
        </td>
        <td class="short" data-label="from">
          <Instant of={one.notBefore} />
        </td>
        <td class="short" data-label="until">
          <Instant of={one.notAfter} />
        </td>
        <td data-label="asked for by">
          <Written text={one.requester} />
        </td>
        {action && <td>{action(one)}</td>}
      </tr>
    ))}
  </Table>
);
const columns = ['Username', 'Cluster', 'Groups', 'Status', 'From', 'Until', 'Requester'];
