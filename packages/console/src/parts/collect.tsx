import { useSignal } from '@preact/signals';
import { addressOf } from './address.js';
import { announce } from './announce.js';
import { Card } from './bits.js';
import { safe } from './file-name.js';
import { KeptKubeconfig, NextLines, saveKubeconfig } from './kept-kubeconfig.js';
import { saveFile } from './save-file.js';
import { Trouble } from './trouble.js';
import { answerOf, api, problemFrom, type Schemas } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { caller } from '../service/session.js';

type Request = Schemas['CertificateRequest'];

/**
 * How the collector of a request gets its kubeconfig. Nothing for anybody else, and nothing while there is none to get.
 * It keeps what was collected, so it stays in its place for as long as the page shows the same request.
 */
export const Collect = ({ request }: { readonly request: Request }) => (
  <CollectOne key={request.id} request={request} />
);

function CollectOne({ request }: { readonly request: Request }) {
  const kept = useSignal<Blob | null>(null);
  const busy = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
  const collect = async () => {
    busy.value = true;
    error.value = await problemFrom(async () => {
      const octets = await collected(request.id);
      kept.value = octets;
      saveKubeconfig(octets, request);
      announce('The kubeconfig was saved.');
    });
    busy.value = false;
  };
  if (kept.value) return <KeptKubeconfig kept={kept} of={request} />;
  if (request.collector !== caller.value?.name && request.requester !== caller.value?.name) return null;
  if (busy.value || error.value || request.actions?.collect.allowed)
    return (
      <Card title="Get the kubeconfig" region>
        <p>
          kubepass makes the private key now, puts it into the file, and keeps no copy. You get it once: save it where
          nobody else can read it.
        </p>
        {error.value && <Trouble error={error.value} />}
        <p class="buttons">
          <button type="button" class="primary" disabled={busy.value} onClick={() => void collect()}>
            Get the kubeconfig
          </button>
        </p>
      </Card>
    );
  if (request.state !== 'issued') return null;
  return broughtKey(request) ? <WithOwnKey request={request} /> : <Collected request={request} />;
}

/** The octets with the key. They never become a text of this page. */
const collected = (id: string): Promise<Blob> =>
  answerOf(
    api.POST('/v1/certificate-requests/{id}/kubeconfig', {
      params: { path: { id } },
      headers: { accept: 'application/yaml' },
      parseAs: 'blob',
    }),
  );

/** Whether the key is with whoever made the CSR: the words of the API say so. */
const broughtKey = ({ actions }: Request): boolean => /\bcsr\b/.test(actions?.collect.why ?? '');

/** The key was handed out before, and the page that had it was left. */
const Collected = ({ request }: { readonly request: Request }) =>
  request.collector === caller.value?.name ? (
    <Card title="The kubeconfig was collected" region>
      <p>
        The private key is in the file that was saved then and nowhere else: kubepass has not kept it. Where the file is
        lost, revoke the certificate and{' '}
        <a
          href={addressOf('/console/ask', {
            cluster: request.cluster,
            username: request.username,
            group: request.groups.join(','),
            expirationSeconds: request.expirationSeconds,
          })}
        >
          ask again
        </a>
        .
      </p>
      <NextLines of={request} />
    </Card>
  ) : null;

/** A kubeconfig that names the file of the caller's own key, and the certificate beside it. */
function WithOwnKey({ request }: { readonly request: Request }) {
  const path = useSignal('client.key');
  const error = useSignal<ProblemError | null>(null);
  const { id, username, cluster } = request;
  const certificate = `${safe(username)}@${safe(cluster)}.crt`;
  const saving = async (read: () => Promise<void>) => void (error.value = await problemFrom(read));
  const kubeconfig = async (event: Event) => {
    event.preventDefault();
    await saving(async () => saveKubeconfig(await namingKey(id, path.value), request));
  };
  return (
    <Card title="Get the kubeconfig" region>
      <p>The private key is with you: the kubeconfig names its file.</p>
      <form onSubmit={(event) => void kubeconfig(event)}>
        <div class="field">
          <label for="key-path">Path of your key</label>
          <input
            id="key-path"
            required
            maxLength={1024}
            spellcheck={false}
            value={path}
            aria-describedby="key-path-hint"
            onInput={({ currentTarget }) => (path.value = currentTarget.value)}
          />
          <p class="hint" id="key-path-hint">
            A relative path begins at the folder of the kubeconfig. The key itself stays where it is.
          </p>
        </div>
        {error.value && <Trouble error={error.value} />}
        <p class="buttons">
          <button class="primary">Get the kubeconfig</button>
          <button
            type="button"
            onClick={() =>
              void saving(async () => saveFile(certificate, await certificateOf(id), 'application/x-pem-file'))
            }
          >
            Get the certificate
          </button>
        </p>
      </form>
      <NextLines of={request} />
    </Card>
  );
}

const namingKey = (id: string, clientKeyPath: string): Promise<Blob> =>
  answerOf(
    api.GET('/v1/certificate-requests/{id}/kubeconfig', {
      params: { path: { id }, query: { clientKeyPath } },
      headers: { accept: 'application/yaml' },
      parseAs: 'blob',
    }),
  );

const certificateOf = (id: string): Promise<Blob> =>
  answerOf(
    api.GET('/v1/certificate-requests/{id}/certificate', {
      params: { path: { id } },
      headers: { accept: 'application/pem-certificate-chain' },
      parseAs: 'blob',
    }),
  );
