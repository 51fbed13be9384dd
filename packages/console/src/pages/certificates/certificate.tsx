import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Facts, Instant, now, Status, Written } from '../../parts/bits.js';
import { Shown, useData, useRead } from '../../parts/data.js';
import { Crumb, Linked, Page } from '../../parts/page.js';
import { spaced } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { caller, isOwn, may } from '../../service/session.js';
import { Continues, FingerprintLink, isRevocable } from './certificates-table.js';
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
              <Says certificate={certificate} />
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
        <Facts
          of={{
            When: <Instant of={revokedAt} />,
            'Revoked by': revokedBy === null ? 'kubepass itself' : <Written text={revokedBy} />,
            Reason: spaced(reason),
            Comment: comment && <bdi class="said">{comment}</bdi>,
          }}
        />
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

function Says({ certificate }: Of) {
  const { username, groups, cluster, notBefore, notAfter, issuerFingerprintSha256: issuer, publicKey } = certificate;
  return (
    <Card title="Facts" region>
      <Facts
        of={{
          Username: <Written text={username} href={may('read-identities') && addresses.identity(username)} />,
          Groups: groups.length === 0 ? 'no group' : groups.map((group) => [<bdi key={group}>{group}</bdi>, ' ']),
          Cluster: <a href={addresses.cluster(cluster)}>{cluster}</a>,
          Valid: (
            <>
              <Instant of={notBefore} /> to <Instant of={notAfter} />
              {certificate.status === 'expired' ? ', ended ' : ', ends '}
              <Distance of={notAfter} />
            </>
          ),
          Subject: <code>{certificate.subject}</code>,
          Issuer: (
            <Linked href={addressOf('/console/certificates', { issuer })} when={issuer !== null}>
              <code>{certificate.issuer}</code>
            </Linked>
          ),
          'Serial number': <code>{certificate.serialNumber}</code>,
          Fingerprint: <code>{certificate.fingerprintSha256}</code>,
          'Public key': [publicKey.algorithm, ' ', <code>{publicKey.spkiSha256}</code>],
          Key: certificate.orphan && 'lost before anybody got it: nobody has it',
        }}
      />
    </Card>
  );
}

/** A line of renewals may be years long: each certificate leads to the one before and to the latest. */
const Lineage = ({ certificate: { renewalOf, supersededBy } }: Of) =>
  (renewalOf ?? supersededBy) && (
    <Card title="Lineage" region>
      <Facts
        of={{
          Renews: renewalOf && <FingerprintLink of={renewalOf} />,
          'Superseded by': supersededBy && <FingerprintLink of={supersededBy} />,
        }}
      />
    </Card>
  );

function Text({ certificate: { fingerprintSha256 } }: Of) {
  const call = { params: { path: { fingerprintSha256 } }, headers: { accept: 'text/plain' }, parseAs: 'text' } as const;
  const data = useData(
    (signal) => answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { ...call, signal })),
    [fingerprintSha256],
  );
  return (
    <Card title="Text" aside={<span class="muted">as openssl prints it</span>} region>
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
    <Card title="Request" aside={<a href={addresses.request(id)}>Open the request</a>} region>
      <Shown data={data} awaited="the request">
        {({ requester, collector, createdAt, reason, approvals, decision: { policy } }) => (
          <Facts
            of={{
              Requester: [<Written text={requester} />, ', ', <Instant of={createdAt} />],
              Collector: <Written text={collector} />,
              Reason: reason === null ? 'none given' : <bdi class="said">{reason}</bdi>,
              'Approved by': approvals.length === 0 ? 'policy alone' : approvals.map(Approval),
              Policy: policy && <a href={addresses.policy(policy)}>{policy}</a>,
            }}
          />
        )}
      </Shown>
    </Card>
  );
}

const Approval = ({ principal, at, comment }: Schemas['CertificateRequest']['approvals'][number]) => (
  <p key={principal}>
    <Written text={principal} />, <Instant of={at} />
    {comment && <bdi class="said muted">{comment}</bdi>}
  </p>
);
