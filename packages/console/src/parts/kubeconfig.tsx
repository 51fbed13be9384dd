import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { answerOf, api, type Schemas } from '../service/client.js';
import { caller } from '../service/session.js';
import { addressOf } from './address.js';
import { announce } from './announce.js';
import { Card } from './bits.js';
import { TextField } from './field.js';
import { kubeconfigName, safe, shellWord } from './file-name.js';
import { saveFile } from './files.js';
import { Lines } from './lines.js';
import { Linked } from './page.js';
import { useAct } from './trouble.js';

/** The identity that a kubeconfig is for. */
type Identity = Pick<Schemas['CertificateRequest'], 'cluster' | 'username' | 'groups'>;
type RequestParts = { readonly request: Schemas['CertificateRequest'] };

/**
 * How the collector of a request gets its kubeconfig. Nothing for anybody else, and nothing while there is none to get.
 * It keeps what was collected, so it stays in its place for as long as the page shows the same request.
 */
export const Collect = ({ request }: RequestParts) => <CollectOne key={request.id} request={request} />;

function CollectOne({ request }: RequestParts) {
  const kept = useSignal<Blob | null>(null);
  const { isBusy, run, trouble } = useAct();
  const collect = () =>
    run(async () => {
      const params = { path: { id: request.id } };
      const call = api.POST('/v1/certificate-requests/{id}/kubeconfig', { params, headers: yaml, parseAs: 'blob' });
      saveKubeconfig((kept.value = await answerOf(call)), request);
    });
  const name = caller.value?.name;
  const { state, collector, requester, actions } = request;
  if (kept.value) return <KeptKubeconfig kept={kept} of={request} />;
  if (isBusy || trouble || actions?.collect.allowed)
    return (
      <Card title="Get the kubeconfig" region>
        <p>
          kubepass makes the private key now, puts it into the file, and keeps no copy. You get it once: save it where
          nobody else can read it.
        </p>
        {trouble}
        <button class="primary" disabled={isBusy} onClick={() => void collect()}>
          Get the kubeconfig
        </button>
      </Card>
    );
  if (state !== 'issued' || (collector !== name && requester !== name)) return null;
  // The words of the API say that the key is with whoever made the CSR.
  if (/\bcsr\b/.test(actions?.collect.why ?? '')) return <WithOwnKey request={request} />;
  return collector === name ? <Collected request={request} /> : null;
}

const yaml = { accept: 'application/yaml' };
const pem = { accept: 'application/pem-certificate-chain' };

/** Saves a kubeconfig as a file, and says so. */
export function saveKubeconfig(octets: Blob, { username, cluster }: Identity): void {
  saveFile(kubeconfigName(username, cluster), octets, 'application/yaml');
  announce('The kubeconfig was saved.');
}

interface KeptParts {
  readonly kept: Signal<Blob | null>;
  readonly of: Identity;
}

/**
 * A kubeconfig with its private key, which this page alone still has. It is forgotten when the page is left: nothing
 * of it is in the document, in storage or in an address.
 */
export function KeptKubeconfig({ kept, of }: KeptParts) {
  useEffect(() => {
    const forget = () => (kept.value = null);
    // A browser may keep the whole page for its way back.
    addEventListener('pagehide', forget);
    return () => {
      removeEventListener('pagehide', forget);
      forget();
    };
  }, []);
  return (
    <Card title="Your kubeconfig" region>
      <p>
        It was saved as <code>{kubeconfigName(of.username, of.cluster)}</code>. The private key is in this file and
        nowhere else: kubepass has not kept it. You can save the file again until you leave this page.
      </p>
      <p class="buttons">
        <button onClick={() => kept.value && saveKubeconfig(kept.value, of)}>Save it again</button>
      </p>
      <NextLines of={of} />
    </Card>
  );
}

/** The key was handed out before, and the page that had it was left. */
const Collected = ({ request }: RequestParts) => {
  const { cluster, username, groups, expirationSeconds } = request;
  const again = { cluster, username, group: groups.join(','), expirationSeconds };
  return (
    <Card title="The kubeconfig was collected" region>
      <p>
        The private key is in the file that was saved then and nowhere else: kubepass has not kept it. Where the file is
        lost, revoke the certificate and <Linked href={addressOf('/console/ask', again)}>ask again</Linked>.
      </p>
      <NextLines of={request} />
    </Card>
  );
};

/** A kubeconfig that names the file of the caller's own key, and the certificate beside it. */
function WithOwnKey({ request }: RequestParts) {
  const clientKeyPath = useSignal('client.key');
  const { run, trouble } = useAct();
  const { id, username, cluster } = request;
  const kubeconfig = async () => {
    const params = { path: { id }, query: { clientKeyPath: clientKeyPath.value } };
    const call = api.GET('/v1/certificate-requests/{id}/kubeconfig', { params, headers: yaml, parseAs: 'blob' });
    saveKubeconfig(await answerOf(call), request);
  };
  const certificate = async () => {
    const params = { path: { id } };
    const call = api.GET('/v1/certificate-requests/{id}/certificate', { params, headers: pem, parseAs: 'blob' });
    saveFile(`${safe(username)}@${safe(cluster)}.crt`, await answerOf(call), 'application/x-pem-file');
  };
  return (
    <Card title="Get the kubeconfig" region>
      <p>You have the private key: the kubeconfig refers to its file.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(kubeconfig);
        }}
      >
        <TextField
          label="Path of your key"
          value={clientKeyPath}
          hint="A relative path begins at the folder of the kubeconfig. The key itself stays where it is."
          required
        />
        {trouble}
        <p class="buttons">
          <button class="primary">Get the kubeconfig</button>
          <button type="button" onClick={() => void run(certificate)}>
            Get the certificate
          </button>
        </p>
      </form>
      <NextLines of={request} />
    </Card>
  );
}

/** The lines to type once the file is there, and the plugin, which makes all of it unnecessary. */
function NextLines({ of: { cluster, username, groups } }: { readonly of: Identity }) {
  const file = `~/Downloads/${shellWord(kubeconfigName(username, cluster))}`;
  const login = [
    ['kubectl kubepass login', `--server ${location.origin}`, `--cluster ${cluster}`],
    [`--username ${shellWord(username)}`],
    groups.map((group) => `--group ${shellWord(group)}`),
  ].flat();
  return (
    <>
      <h3>What to type next</h3>
      <Lines label="What to type next" text={`chmod 600 ${file}\nexport KUBECONFIG=${file}\nkubectl auth whoami`} />
      <details>
        <summary>The kubectl plugin does all this, and renews the certificate</summary>
        <p class="muted">It makes the key on your machine, so that no file holds it, and asks again before the end.</p>
        <Lines label="The kubectl plugin" text={login.join(' \\\n  ')} />
      </details>
    </>
  );
}
