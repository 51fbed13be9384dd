import {
  type DataOrFile,
  fieldPlace,
  type Kubeconfig,
  type KubeconfigUser,
  readKubeconfig,
} from '../../../formats/kubeconfig/read-kubeconfig.js';
import type { CredentialSource, KubeconfigContent } from '../../../model/inspection.js';
import { Observations } from '../../observations.js';
import type { Reading } from '../reading.js';
import { checkKubeconfig } from './check-kubeconfig.js';
import type { DocumentSource } from './document.js';
import { readBase64Field } from './read-field.js';
import { reportShape, shown } from './report-shape.js';
import { withoutCredentials } from './without-credentials.js';

/** Reads a kubeconfig and the certificates and keys in it. */
export function readKubeconfigDocument(document: DocumentSource, reading: Reading): readonly string[] {
  const { kubeconfig, problems } = readKubeconfig(document.content);
  const object = reading.open(document);
  const observations = new Observations();
  reportShape(problems, document.duplicates, observations.report);
  checkKubeconfig(kubeconfig, observations.report);

  const owner = { path: object.path, depth: document.depth };
  const credential = ({ data, file }: DataOrFile, list: 'clusters' | 'users', index: number, name: string) => {
    if (data === null) return file === null ? nothing : { from: 'file' as const, file: shown(file) };
    const place = fieldPlace(list, index, `${name}-data`);
    const [first = null] = readBase64Field(data, place, owner, 'credential', observations.report, reading);
    return { from: 'data' as const, object: first };
  };
  const content = contentOf(kubeconfig, credential);
  object.fill({ content, material: null, observations: observations.toArray() });
  return [object.path];
}

const nothing: CredentialSource = { from: 'nothing' };

function contentOf(
  { currentContext, contexts, clusters, users }: Kubeconfig,
  credential: (given: DataOrFile, list: 'clusters' | 'users', index: number, name: string) => CredentialSource,
): KubeconfigContent {
  return {
    type: 'Kubeconfig',
    currentContext,
    contexts,
    clusters: clusters.map(({ name, server, tlsServerName, insecureSkipTlsVerify, proxyUrl, ...cluster }, i) => ({
      name,
      server: server === null ? null : withoutCredentials(server),
      tlsServerName,
      insecureSkipTlsVerify,
      proxyUrl: proxyUrl === null ? null : withoutCredentials(proxyUrl),
      certificateAuthority: credential(cluster.certificateAuthority, 'clusters', i, 'certificate-authority'),
    })),
    users: users.map((user, i) => ({
      name: user.name,
      authentication: methodsOf(user),
      clientCertificate: credential(user.clientCertificate, 'users', i, 'client-certificate'),
      clientKey: credential(user.clientKey, 'users', i, 'client-key'),
      tokenFile: user.tokenFile === null ? null : shown(user.tokenFile),
      exec: user.exec && {
        command: shown(user.exec.command),
        args: user.exec.args.map(shown),
        env: user.exec.env.map(shown),
      },
      authProvider: user.authProvider,
      impersonates: impersonated(user),
    })),
  };
}

function methodsOf(user: KubeconfigUser): KubeconfigContent['users'][number]['authentication'] {
  const { clientCertificate, token, tokenFile, exec, authProvider, basic } = user;
  return [
    ...(clientCertificate.data !== null || clientCertificate.file !== null ? (['clientCertificate'] as const) : []),
    ...(token !== null || tokenFile !== null ? (['token'] as const) : []),
    ...(exec === null ? [] : (['exec'] as const)),
    ...(authProvider === null ? [] : (['authProvider'] as const)),
    ...(basic ? (['basic'] as const) : []),
  ];
}

function impersonated({ impersonates }: KubeconfigUser): string | null {
  if (impersonates === null) return null;
  const { username, uid, groups, extra } = impersonates;
  return shown(
    [
      username ?? 'nobody named',
      ...(uid === null ? [] : [`uid ${uid}`]),
      ...(groups.length === 0 ? [] : [`groups ${groups.join(', ')}`]),
      ...(extra.length === 0 ? [] : [`extra ${extra.join(', ')}`]),
    ].join('; '),
  );
}
