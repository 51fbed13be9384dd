import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Fact, Instant, now, Written } from '../../parts/bits.js';
import { Crumb, Linked, Page } from '../../parts/page.js';
import { saveFile } from '../../parts/files.js';
import { Shown, useData } from '../../parts/data.js';
import { spaced } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { caller, may } from '../../service/session.js';
import { Continues, FingerprintLink, isOwn, isRevocable, Status } from './certificates-table.js';
import { RequestOf } from './request-of.js';
import { RevokeDialog } from './revoke-dialog.js';
import { useRevocationOn } from './use-revocation-on.js';

interface Of {
  readonly certificate: Schemas['Certificate'];
}

/** One certificate: what it says, what became of it, who asked for it, and what can be done about it. */
export function CertificatePage() {
  const fingerprint = useRoute().params['fingerprint'] ?? '';
  return <OneCertificate key={fingerprint} fingerprintSha256={fingerprint} />;
}

function OneCertificate({ fingerprintSha256 }: { readonly fingerprintSha256: string }) {
  const params = { path: { fingerprintSha256 } };
  const data = useData(
    (signal) => answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { params, signal })),
    [fingerprintSha256],
    ['certificates'],
  );
  const found = data.value.value;
  return (
    <Page
      title={found ? `Certificate of ${found.username} on ${found.cluster}` : 'Certificate'}
      heading={
        found && (
          <>
            Certificate of <Written text={found.username} /> on {found.cluster}
          </>
        )
      }
      above={<Crumb href="/console/certificates" name="Certificates" />}
      aside={found && <Actions certificate={found} onRevoked={data.reload} />}
    >
      <Shown data={data} awaited="the certificate">
        {(certificate) => (
          <div class="columns">
            <div>
              {certificate.revocation && <Revoked certificate={certificate} />}
              <Card title="Facts" region>
                <Facts certificate={certificate} />
              </Card>
              {(certificate.renewalOf ?? certificate.supersededBy) && (
                <Card title="Lineage" region>
                  <Lineage certificate={certificate} />
                </Card>
              )}
              <Text certificate={certificate} />
            </div>
            <RequestOf certificate={certificate} />
          </div>
        )}
      </Shown>
    </Page>
  );
}

/** Shows the revocation, and what goes on all the same. */
function Revoked({ certificate: { cluster, revocation, notAfter } }: Of) {
  const continues = useRevocationOn(cluster)?.continues;
  if (revocation === null) return null;
  const { reason, comment, revokedAt, revokedBy } = revocation;
  return (
    <>
      <Card title="Revoked" region>
        <dl class="facts">
          <Fact name="When">
            <Instant of={revokedAt} />
          </Fact>
          <Fact name="Revoked by">{revokedBy === null ? 'kubepass itself' : <Written text={revokedBy} />}</Fact>
          <Fact name="Reason">{spaced(reason)}</Fact>
          {comment && (
            <Fact name="Comment">
              <bdi class="said">{comment}</bdi>
            </Fact>
          )}
        </dl>
      </Card>
      {continues && Date.parse(notAfter) > now.value && (
        <Card title="Still works" region>
          <Continues texts={continues.length > 0 ? continues : ['nothing: the cluster refuses it']} />
          <p class="quiet">
            The certificate ends by itself <Distance of={notAfter} />.
          </p>
        </Card>
      )}
    </>
  );
}

function Facts({ certificate }: Of) {
  const { username, groups, cluster, notBefore, notAfter, serialNumber, fingerprintSha256, subject } = certificate;
  const { issuer, issuerFingerprintSha256, publicKey, orphan, status } = certificate;
  return (
    <dl class="facts">
      <Fact name="Username">
        <Linked href={addresses.identity(username)} when={may('read-identities')}>
          <bdi>{username}</bdi>
        </Linked>
      </Fact>
      <Fact name="Groups">
        {groups.length === 0 ? 'no group' : groups.map((group) => [<bdi key={group}>{group}</bdi>, ' '])}
      </Fact>
      <Fact name="Cluster">
        <a href={addresses.cluster(cluster)}>{cluster}</a>
      </Fact>
      <Fact name="Valid">
        <Instant of={notBefore} /> to <Instant of={notAfter} />
        {status === 'expired' ? ', ended ' : ', ends '}
        <Distance of={notAfter} />
      </Fact>
      <Fact name="Subject">
        <code>{subject}</code>
      </Fact>
      <Fact name="Issuer">
        <Linked
          href={addressOf('/console/certificates', { issuer: issuerFingerprintSha256 })}
          when={issuerFingerprintSha256 !== null}
        >
          <code>{issuer}</code>
        </Linked>
      </Fact>
      <Fact name="Serial number">
        <code>{serialNumber}</code>
      </Fact>
      <Fact name="Fingerprint">
        <code>{fingerprintSha256}</code>
      </Fact>
      <Fact name="Public key">
        {publicKey.algorithm} <code>{publicKey.spkiSha256}</code>
      </Fact>
      {orphan && <Fact name="Key">lost before it could be handed out: nobody holds it</Fact>}
    </dl>
  );
}

/** A line of renewals may be years long: each certificate leads to the one before and to the latest. */
const Lineage = ({ certificate: { renewalOf, supersededBy } }: Of) => (
  <dl class="facts">
    {renewalOf && (
      <Fact name="Renews">
        <FingerprintLink of={renewalOf} />
      </Fact>
    )}
    {supersededBy && (
      <Fact name="Superseded by">
        <FingerprintLink of={supersededBy} />
      </Fact>
    )}
  </dl>
);

function Text({ certificate: { fingerprintSha256 } }: Of) {
  const params = { path: { fingerprintSha256 } };
  const form = { headers: { accept: 'text/plain' }, parseAs: 'text' } as const;
  const data = useData(
    (signal) => answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { params, ...form, signal })),
    [fingerprintSha256],
  );
  return (
    <Card title="Text" aside={<span class="muted">as openssl has it</span>} region>
      <Shown data={data} awaited="the text">
        {(text) => (
          <pre class="openssl" tabIndex={0} role="group" aria-label="Certificate as text">
            {text}
          </pre>
        )}
      </Shown>
    </Card>
  );
}

function Actions({ certificate, onRevoked }: Of & { readonly onRevoked: () => void }) {
  const { fingerprintSha256, status, orphan, username, cluster, pem = '' } = certificate;
  const isAsked = useSignal(false);
  const isTheirs = isOwn(certificate) || caller.value?.roles.includes('admin');
  const isRenewable = may('request-certificates') && isTheirs && !orphan && status !== 'revoked';
  return (
    <div class="chips">
      <Status of={status} />
      {isRenewable && (
        <a class="button" href={addressOf('/console/ask', { renewalOf: fingerprintSha256 })}>
          Renew
        </a>
      )}
      <button
        type="button"
        onClick={() => saveFile(`${username}@${cluster}.pem`, pem, 'application/pem-certificate-chain')}
      >
        Save as PEM
      </button>
      {isRevocable(certificate) && (
        <button type="button" class="danger" onClick={() => (isAsked.value = true)}>
          Revoke
        </button>
      )}
      {isAsked.value && <RevokeDialog {...{ certificate, onRevoked }} onClose={() => (isAsked.value = false)} />}
    </div>
  );
}
