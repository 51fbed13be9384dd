import { useEffect } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import { Card } from './bits.js';
import { kubeconfigName, shellWord } from './file-name.js';
import { Lines } from './lines.js';
import { saveFile } from './save-file.js';

/** The identity that a kubeconfig is for. */
interface Identity {
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
}

export const saveKubeconfig = (octets: Blob, { username, cluster }: Identity): void =>
  saveFile(kubeconfigName(username, cluster), octets, 'application/yaml');

/**
 * A kubeconfig with its private key, which this page alone still has. It is forgotten when the page is left: nothing
 * of it is in the document, in storage or in an address.
 */
export function KeptKubeconfig({ kept, of }: { readonly kept: Signal<Blob | null>; readonly of: Identity }) {
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
        <button type="button" onClick={() => kept.value && saveKubeconfig(kept.value, of)}>
          Save it again
        </button>
      </p>
      <NextLines of={of} />
    </Card>
  );
}

/** The lines to type once the file is there, and the plugin, which makes all of it unnecessary. */
export function NextLines({ of: { cluster, username, groups } }: { readonly of: Identity }) {
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
        <summary>The kubectl plugin does all this, and renews</summary>
        <p class="muted">It makes the key on your machine, so that no file holds it, and asks again before the end.</p>
        <Lines label="The kubectl plugin" text={login.join(' \\\n  ')} />
      </details>
    </>
  );
}
