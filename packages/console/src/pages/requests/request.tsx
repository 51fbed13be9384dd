import { createContext, type RenderableProps } from 'preact';
import { useRoute } from 'preact-iso/router';
import { useContext } from 'preact/hooks';
import { addresses, useAddress } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Distance, Instant, Status, Written } from '../../parts/bits.js';
import { Shown, useData } from '../../parts/data.js';
import { Key, useKeys } from '../../parts/keys.js';
import { Collect } from '../../parts/kubeconfig.js';
import { Crumb, Linked, Page } from '../../parts/page.js';
import { duration, sentence } from '../../parts/words.js';
import { read } from '../../service/client.js';
import { isOwn, may } from '../../service/session.js';
import { Approvals } from './approvals.js';
import { BlastRadius } from './blast-radius.js';
import { Decision } from './decision.js';
import { differences, type Differences } from './differences.js';
import { History, Story } from './history.js';
import { PolicyChecks } from './policy-checks.js';
import { askInWords, nextToDecide, type Request, requestChange } from './request-words.js';

/** The last request that was decided here, and the one that opened after it. */
let last: { readonly request: Request; readonly next: string } | null = null;

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
  const before = last?.next === id ? last.request : null;
  const differing = request && before ? differences(before, request) : {};
  const onDecided = () => {
    const next = nextToDecide(ids, id);
    last = request && next !== undefined ? { request, next } : null;
    go(next === undefined ? '/console/requests?view=waiting' : addresses.request(next), true);
  };
  return (
    <Differs.Provider value={differing}>
      <Page
        key={request === undefined ? 'awaited' : 'read'}
        title={request ? askInWords(request) : 'Request'}
        heading={
          request && (
            <span class="asked">
              <b>
                <Differing part="username">
                  <bdi>{request.username}</bdi>
                </Differing>
              </b>{' '}
              for{' '}
              <b>
                <Differing part="lifetime">{duration(request.expirationSeconds)}</Differing>
              </b>{' '}
              on{' '}
              <b>
                <Differing part="cluster">{request.cluster}</Differing>
              </b>
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
          {(found) => (
            <>
              {before && <Compared differing={differing} />}
              <Reviewed request={found.request} onDecided={onDecided} />
            </>
          )}
        </Shown>
      </Page>
    </Differs.Provider>
  );
}

const Differs = createContext<Differences>({});

/** A part that is marked where it was another one in the request before. `text`: one of several in a list. */
const Differing = ({ part, text, children }: RenderableProps<{ part: keyof Differences; text?: string }>) => {
  const was = useContext(Differs)[part];
  const isSame = was === undefined || was.split(', ').includes(text ?? '');
  return isSame ? <>{children}</> : <mark title={`In the last one: ${was}`}>{children}</mark>;
};

/** Says in which parts the request differs from the one that was decided before it. */
const Compared = ({ differing }: { readonly differing: Differences }) => (
  <p class="quiet compared">
    {Object.keys(differing).length === 0 ? 'The same as the last one.' : 'Unlike the last one: '}
    {Object.entries(differing).map(([name, was], i) => (
      <>
        {i > 0 && ', '}
        <b>{name}</b> (was <Written text={was} most={40} />)
      </>
    ))}
  </p>
);

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
      <Collect request={request} />
      <div class="columns review">
        <div>
          <blockquote class={reason === null ? 'reason muted' : 'reason'}>
            <Differing part="reason">
              <bdi>{reason ?? 'No reason was given.'}</bdi>
            </Differing>
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
        <Differing key={group} part="groups" text={group}>
          <bdi class="chip">{group}</bdi>
        </Differing>
      ))}
      {groups.length === 0 && <span class="muted">in no group</span>}
      <span class="muted">
        asked by {requester === username ? 'themselves' : <Written text={requester} />}
        {collector !== requester && ', collected by '}
        {collector !== requester && <Written text={collector} />}, <Distance of={createdAt} />
      </span>
      {certificate && (
        <span class="muted">
          <Linked href={addresses.certificate(certificate.fingerprintSha256)} {...(isOwn(request) && { when: true })}>
            certificate
          </Linked>{' '}
          <Status of={certificate.status} /> until <Instant of={certificate.notAfter} />
        </span>
      )}
    </p>
  );
}
