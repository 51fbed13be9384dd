import { useRoute } from 'preact-iso/router';
import { addresses, useAddress } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Distance, Instant, Status, Written } from '../../parts/bits.js';
import { Shown, useData } from '../../parts/data.js';
import { Key, useKeys } from '../../parts/keys.js';
import { Collect } from '../../parts/kubeconfig.js';
import { Crumb, Page } from '../../parts/page.js';
import { duration, sentence } from '../../parts/words.js';
import { read } from '../../service/client.js';
import { may } from '../../service/session.js';
import { Approvals } from './approvals.js';
import { BlastRadius } from './blast-radius.js';
import { Decision } from './decision.js';
import { History, Story } from './history.js';
import { PolicyChecks } from './policy-checks.js';
import { askInWords, nextToDecide, type Request, requestChange } from './request-words.js';

/** A request as its approver needs it, and where it stands among those that wait for them. */
export function RequestPage() {
  const id = useRoute().params['id'] ?? '';
  const { go } = useAddress();
  const data = useData(
    async (signal) => {
      const isApprover = may('approve-requests');
      const [request, queue] = await Promise.all([
        read('/v1/certificate-requests/{id}', { id }, signal),
        isApprover ? read('/v1/certificate-requests', { awaiting: 'me', limit: 100 }, signal) : undefined,
      ]);
      return { request, queue };
    },
    [id],
    ['certificate-requests', 'certificates', 'identities'],
  );
  const { request, queue } = data.value.value ?? {};
  const ids = queue?.items.map((one) => one.id) ?? [];
  const place = ids.indexOf(id);
  // The way back leads to the list, however many were looked at.
  const open = (other: string | undefined) => other !== undefined && go(addresses.request(other), true);
  useKeys({ j: () => open(ids[place + 1]), k: () => open(ids[place - 1]) });
  useAnnounced(request, requestChange);
  const onDecided = () => {
    const next = nextToDecide(ids, id);
    go(next === undefined ? '/console/requests?view=waiting' : addresses.request(next), true);
  };
  return (
    <Page
      key={request === undefined ? 'awaited' : 'read'}
      title={request ? askInWords(request) : 'Request'}
      heading={
        request && (
          <span class="asked">
            <b>{request.username}</b> for <b>{duration(request.expirationSeconds)}</b> on <b>{request.cluster}</b>
          </span>
        )
      }
      above={<Crumb href="/console/requests" name="Requests" />}
      aside={
        place >= 0 && (
          <span class="muted">
            {place + 1} of {ids.length}
            {typeof queue?.nextCursor === 'string' && '+'} that wait for you <Key name="K" /> <Key name="J" />
          </span>
        )
      }
    >
      <Shown data={data} awaited="the request">
        {(found) => <Reviewed request={found.request} onDecided={onDecided} />}
      </Shown>
    </Page>
  );
}

/** The ask and why, what it opens, why policy permits it, what came before; beside it who decides. */
function Reviewed({ request, onDecided }: { readonly request: Request; readonly onDecided: () => void }) {
  const { reason, labels, failure, decision } = request;
  return (
    <>
      <Lead request={request} />
      {failure && (
        <p class="band error">
          <bdi>{sentence(failure.message)}</bdi>
        </p>
      )}
      <div class="columns review">
        <div>
          <blockquote class={reason === null ? 'reason muted' : 'reason'}>
            <bdi>{reason ?? 'No reason was given.'}</bdi>
          </blockquote>
          <p class="chips">
            {Object.entries(labels).map(([key, value]) => (
              <span key={key} class="chip words">
                <i>{key}</i> <bdi>{value}</bdi>
              </span>
            ))}
          </p>
          <BlastRadius request={request} />
          <PolicyChecks decision={decision} />
          <History request={request} />
        </div>
        <aside aria-label="Approval and history">
          <Approvals request={request} />
          <Collect request={request} />
          <Decision request={request} onDecided={onDecided} />
          <Story request={request} />
        </aside>
      </div>
    </>
  );
}

/** The state, the groups, who is behind the request, and the certificate that came of it. */
function Lead({ request }: { readonly request: Request }) {
  const { state, groups, requester, collector, username, createdAt, certificate } = request;
  return (
    <p class="chips">
      <Status of={state} />
      {groups.map((group) => (
        <span key={group} class="chip">
          {group}
        </span>
      ))}
      {groups.length === 0 && <span class="muted">in no group</span>}
      <span class="muted">
        asked by {requester === username ? 'themselves' : <Written text={requester} />}
        {collector !== requester && ', collected by '}
        {collector !== requester && <Written text={collector} />}, <Distance of={createdAt} />
      </span>
      {certificate && (
        <span class="muted">
          <a href={addresses.certificate(certificate.fingerprintSha256)}>certificate</a> {certificate.status}, until{' '}
          <Instant of={certificate.notAfter} />
        </span>
      )}
    </p>
  );
}
