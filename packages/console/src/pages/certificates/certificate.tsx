import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Instant, Written } from '../../parts/bits.js';
import { Fact } from '../../parts/fact.js';
import { Crumb, Linked } from '../../parts/links.js';
import { now } from '../../parts/now.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData, useRead } from '../../parts/use-data.js';
import { spaced } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { caller, may } from '../../service/session.js';
import { Continues, FingerprintLink, isOwn, isRevocable, Status } from './certificates-table.js';
import { RevokeDialog, useRevocationOn } from './end-dialogs.js';

type Certificate = Schemas['Certificate'];
interface Of {
  readonly certificate: Certificate;
}

/** One certificate: what it says, what became of it, who asked for it, and what can be done about it. */
export function CertificatePage() {
  const fingerprintSha256 = useRoute().params['fingerprint'] ?? '';
  const data = useRead('/v1/certificates/{fingerprintSha256}', { fingerprintSha256 }, ['certificates']);
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
              {certificate.revocation && <Revoked {...certificate} {...certificate.revocation} />}
              <Card title="Facts" region>
                <Facts certificate={certificate} />
              </Card>
              <Lineage certificate={certificate} />
              <Text certificate={certificate} />
            </div>
            <RequestOf certificate={certificate} />
          </div>
        )}
      </Shown>
    </Page>
  );
}

function Actions({ certificate, onRevoked }: Of & { readonly onRevoked: () => void }) {
  const { fingerprintSha256, status, orphan } = certificate;
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
      {isRevocable(certificate) && (
        <button type="button" class="danger" onClick={() => (isAsked.value = true)}>
          Revoke
        </button>
      )}
      {isAsked.value && (
        <RevokeDialog {...{ certificate, onDone: onRevoked }} onClose={() => (isAsked.value = false)} />
      )}
    </div>
  );
}

/** Shows the revocation, and what goes on all the same. */
function Revoked({ cluster, notAfter, ...revocation }: Certificate & NonNullable<Certificate['revocation']>) {
  const { reason, comment, revokedAt, revokedBy } = revocation;
  const continues = useRevocationOn(cluster)?.continues;
  return (
    <>
      <Card title="Revoked" region>
        <dl class="facts">
          <Fact name="When">
            <Instant of={revokedAt} />
          </Fact>
          <Fact name="Revoked by">{revokedBy === null ? 'kubepass itself' : <Written text={revokedBy} />}</Fact>
          <Fact name="Reason">{spaced(reason)}</Fact>
          <Fact name="Comment">{comment && <bdi class="said">{comment}</bdi>}</Fact>
        </dl>
      </Card>
      {continues && Date.parse(notAfter) > now.value && (
        <Card title="Still works" region>
          <Continues texts={continues.length > 0 ? continues : ['nothing: the cluster refuses it']} />
          <p class="quiet">
            The certificate ends by itself <Distance of={notAfter} now={now.value} />.
          </p>
        </Card>
      )}
    </>
  );
}

function Facts({ certificate }: Of) {
  const { username, groups, cluster, notBefore, notAfter, issuer, issuerFingerprintSha256, publicKey } = certificate;
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
        {certificate.status === 'expired' ? ', ended ' : ', ends '}
        <Distance of={notAfter} now={now.value} />
      </Fact>
      <Fact name="Subject">
        <code>{certificate.subject}</code>
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
        <code>{certificate.serialNumber}</code>
      </Fact>
      <Fact name="Fingerprint">
        <code>{certificate.fingerprintSha256}</code>
      </Fact>
      <Fact name="Public key">
        {publicKey.algorithm} <code>{publicKey.spkiSha256}</code>
      </Fact>
      {certificate.orphan && <Fact name="Key">lost before it could be handed out: nobody holds it</Fact>}
    </dl>
  );
}

/** A line of renewals may be years long: each certificate leads to the one before and to the latest. */
const Lineage = ({ certificate: { renewalOf, supersededBy } }: Of) =>
  (renewalOf ?? supersededBy) && (
    <Card title="Lineage" region>
      <dl class="facts">
        <Fact name="Renews">{renewalOf && <FingerprintLink of={renewalOf} />}</Fact>
        <Fact name="Superseded by">{supersededBy && <FingerprintLink of={supersededBy} />}</Fact>
      </dl>
    </Card>
  );

function Text({ certificate: { fingerprintSha256 } }: Of) {
  const call = { params: { path: { fingerprintSha256 } }, headers: { accept: 'text/plain' }, parseAs: 'text' } as const;
  const data = useData(
    (signal) => answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { ...call, signal })),
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

/** Shows who asked for a certificate and who approved it: the request that it was issued for. */
function RequestOf({ certificate: { requestId: id } }: Of) {
  const data = useRead('/v1/certificate-requests/{id}', { id });
  return (
    <Card title="Request" aside={<a href={addresses.request(id)}>Open it</a>} region>
      <Shown data={data} awaited="the request">
        {({ requester, collector, createdAt, reason, approvals, decision: { policy } }) => (
          <dl class="facts">
            <Fact name="Requester">
              <Written text={requester} />, <Instant of={createdAt} />
            </Fact>
            <Fact name="Collector">
              <Written text={collector} />
            </Fact>
            <Fact name="Reason">{reason === null ? 'none given' : <bdi class="said">{reason}</bdi>}</Fact>
            <Fact name="Approved by">
              {approvals.map(({ principal, at, comment }) => (
                <p key={principal}>
                  <Written text={principal} />, <Instant of={at} />
                  {comment && <bdi class="said muted">{comment}</bdi>}
                </p>
              ))}
              {approvals.length === 0 && 'policy alone'}
            </Fact>
            <Fact name="Policy">{policy && <a href={addresses.policy(policy)}>{policy}</a>}</Fact>
          </dl>
        )}
      </Shown>
    </Card>
  );
}
