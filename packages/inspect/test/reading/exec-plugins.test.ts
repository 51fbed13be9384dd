// Tests packages/inspect/src/reading/exec-plugins.ts
import { describe, expect, it } from 'vitest';
import { isKnownPlugin } from '../../src/reading/exec-plugins.js';

const isKnown = (line: string, ...env: readonly string[]): boolean => {
  const [command = '', ...args] = line.split(' ');
  return isKnownPlugin({ command, args, env });
};

describe('the plugins of known tools', () => {
  it.each([
    'aws --region eu-central-1 eks get-token --cluster-name production --output json',
    'aws eks get-token --cluster-name production --role-arn arn:aws:iam::123456789012:role/admin',
    'aws-iam-authenticator token -i production -r arn:aws:iam::123456789012:role/admin',
    'gke-gcloud-auth-plugin',
    'gke-gcloud-auth-plugin.exe --use_application_default_credentials',
    'kubelogin get-token --login devicecode --environment AzurePublicCloud --server-id 6dae42f8 --tenant-id 72f988bf',
    'kubelogin get-token --oidc-issuer-url=https://id.corp.example --oidc-client-id=kubernetes --oidc-use-pkce',
    'kubectl oidc-login get-token --oidc-issuer-url=https://id.corp.example --oidc-client-id=kubernetes',
    'kubectl-oidc_login get-token --oidc-issuer-url https://id.corp.example --oidc-extra-scope=email',
    'kubectl-kubepass get-credential --server https://kubepass.example --cluster prod --group dev --login work',
  ])('%s', (line) => {
    expect(isKnown(line)).toBe(true);
  });

  it('with variables that choose an account', () => {
    expect(isKnown('aws eks get-token --cluster-name production', 'AWS_PROFILE', 'AWS_REGION')).toBe(true);
  });
});

describe('anything else', () => {
  it.each([
    ['another command', 'curl'],
    ['a name of the language', 'constructor'],
    ['a path to the command', './aws eks get-token --cluster-name production'],
    ['another subcommand', 'aws s3 rm --region eks get-token'],
    ['a subcommand that a flag takes for its value', 'aws s3 rm --output eks get-token'],
    ['no subcommand', 'aws --cluster-name production'],
    ['one word too many', 'aws eks get-token production'],
    ['another server', 'aws eks get-token --cluster-name production --endpoint-url https://evil.example'],
    ['no check of the server', 'aws eks get-token --cluster-name production --no-verify-ssl'],
    ['a flag without value', 'aws eks get-token --cluster-name'],
    ['a flag in place of a value', 'aws eks get-token --cluster-name --debug'],
    ['blanks of a shell', 'kubectl oidc-login get-token --username $(id)'],
    ['what was redacted', 'aws eks get-token --cluster-name [redacted]'],
    ['a secret', 'kubelogin get-token --oidc-issuer-url=https://id.corp.example --oidc-client-secret=x'],
    ['an issuer without TLS', 'kubectl oidc-login get-token --oidc-issuer-url=http://id.corp.example'],
    ['a browser', 'kubectl oidc-login get-token --oidc-issuer-url=https://id.corp.example --browser-command=sh'],
    ['a service without TLS', 'kubectl-kubepass get-credential --server http://kubepass.example'],
    ['a command for the token', 'kubectl-kubepass get-credential --token-command id'],
    ['kubectl itself', 'kubectl delete namespace production'],
  ])('%s', (_what, line) => {
    expect(isKnown(line)).toBe(false);
  });

  it.each(['NODE_OPTIONS', 'PATH', 'LD_PRELOAD', 'AWS_ENDPOINT_URL', 'HTTPS_PROXY', ''])('the variable %j', (name) => {
    expect(isKnown('aws eks get-token --cluster-name production', name)).toBe(false);
  });
});
