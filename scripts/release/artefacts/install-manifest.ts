import { imageName, type ImageReference } from './image-reference.js';
import { ReleaseError } from '../release-error.js';
import { kustomize } from './kustomize.js';

/**
 * `kubepass-V.yaml` for `kubectl apply`: the objects of the kustomize base, the namespace first, with the image by
 * digest if it is known.
 */
export function installManifest(base: string, version: string, image: ImageReference | null): string {
  const reference = image === null ? null : `${imageName(image)}@${image.digest}`;
  const documents = kustomize(base, (one) => {
    if (one === `kubepass:${version}`) return reference ?? one;
    throw new ReleaseError(`${base} has the image ${one} instead of kubepass:${version}: mend it and commit`);
  });
  const texts = documents.map((document) => document.toString({ lineWidth: 0, directives: false }).trim());
  return `${head(version, reference)}\n---\n${texts.join('\n---\n')}\n`;
}

const head = (version: string, reference: string | null): string => {
  const edits = [
    `the API server's address for your users: \`server\` in the ConfigMap kubepass-config, the first one below`,
    `the policies, in the ConfigMap kubepass-policies: they decide who gets which certificate`,
    ...(reference === null ? [`the image: name the registry in which you keep kubepass:${version}`] : []),
  ];
  const lines = [
    `kubepass ${version} in the cluster that it issues for: one replica with SQLite on a volume.`,
    '',
    'Edit before you apply it:',
    ...edits.map((edit, index) => `  ${index + 1}. ${edit}`),
    '',
    'The Secret kubepass-tls with the certificate that kubepass serves is not here, and the pod waits for it. Its names are',
    'kubepass.kubepass.svc and those that callers use:',
    '',
    `  kubectl apply --filename kubepass-${version}.yaml`,
    '  kubectl --namespace kubepass create secret tls kubepass-tls --cert=tls.crt --key=tls.key',
    '',
    'After a change of kubepass.yaml: kubectl --namespace kubepass rollout restart deployment kubepass. Changed policies',
    'take effect without one.',
  ];
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
};
