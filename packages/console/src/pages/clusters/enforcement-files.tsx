import { useSignal } from '@preact/signals';
import { saveFile } from '../../parts/save-file.js';
import { Trouble } from '../../parts/trouble.js';
import { problemFrom } from '../../service/client.js';
import { type ProblemError, problemOf, unreachable } from '../../service/problem.js';

const files = [
  { route: 'authorization-configuration', file: 'authorization-config.yaml', purpose: 'for --authorization-config' },
  {
    route: 'authorization-webhook-kubeconfig',
    file: 'authorization-webhook.kubeconfig',
    purpose: 'by which the API server asks kubepass, without its token',
  },
  { route: 'revocation-policy', file: 'revocation-policy.yaml', purpose: 'a policy for clusters without either' },
] as const;

/** The files that make a cluster refuse revoked certificates. */
export function EnforcementFiles({ name }: { readonly name: string }) {
  const trouble = useSignal<ProblemError | null>(null);
  const save = async ({ route, file }: (typeof files)[number]) => {
    trouble.value = await problemFrom(async () =>
      saveFile(`${name}-${file}`, await yamlOf(name, route), 'application/yaml'),
    );
  };
  return (
    <>
      <h3>Files that make it refuse them</h3>
      <ul class="items">
        {files.map((one) => (
          <li key={one.route}>
            <button type="button" onClick={() => void save(one)}>
              Save {one.file}
            </button>{' '}
            <span class="muted">{one.purpose}</span>
          </li>
        ))}
      </ul>
      {trouble.value && <Trouble error={trouble.value} />}
    </>
  );
}

async function yamlOf(name: string, route: string): Promise<string> {
  const answer = await fetch(`/v1/clusters/${encodeURIComponent(name)}/${route}`, {
    headers: { accept: 'application/yaml' },
  }).catch(() => {
    throw unreachable();
  });
  if (answer.ok) return answer.text();
  throw problemOf(await answer.json().catch(() => null), answer);
}
