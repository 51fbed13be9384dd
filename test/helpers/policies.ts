/**
 * A policy as a document of a file, for cluster `demo`. Its members are those of a spec: `allowed` has every username
 * besides, and `more` may have another `approval` than an automatic one.
 */
export function aPolicy(name: string, allowed: object, more: object = {}): string {
  const spec = {
    selector: { clusters: ['demo'] },
    allowed: { usernames: ['*'], ...allowed },
    approval: { mode: 'auto' },
    ...more,
  };
  return `---\n${JSON.stringify({ apiVersion: 'kubepass/v1', kind: 'Policy', metadata: { name }, spec })}\n`;
}
