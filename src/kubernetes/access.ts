/** One thing that RBAC allows or does not: a verb on a resource (authorization.k8s.io/v1 ResourceAttributes). */
export interface Access {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** One object alone; absent: all of them. */
  readonly name?: string;
  readonly namespace?: string;
}

/**
 * Prints an access for people: `update certificatesigningrequests/approval.certificates.k8s.io`,
 * `approve signers.certificates.k8s.io "kubernetes.io/kube-apiserver-client"`, `get configmaps in kube-system`.
 */
export function describeAccess({ verb, group, resource, subresource, name, namespace }: Access): string {
  return [
    `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`,
    name === undefined ? '' : ` "${name}"`,
    namespace === undefined ? '' : ` in ${namespace}`,
  ].join('');
}

/** Reads the missing access out of an API server's refusal; null where the refusal is not about access rights. */
export function missingAccess(message: string): Access | null {
  const [, verb, path, group, namespace] = cannot.exec(message) ?? [];
  if (verb !== undefined && path !== undefined) {
    const [resource = path, subresource] = path.split('/');
    return {
      verb,
      resource,
      group: group ?? '',
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
    };
  }
  const [, approvedSigner] = notPermittedToApprove.exec(message) ?? [];
  return approvedSigner === undefined
    ? null
    : { verb: 'approve', group: 'certificates.k8s.io', resource: 'signers', name: approvedSigner };
}

/** How every authorizer words its refusal. */
const cannot =
  /cannot ([a-z]+) resource "([^"]+)" in API group "([^"]*)"(?: at the cluster scope| in the namespace "([^"]+)")/;
/** The admission plugin CertificateApproval checks this access after RBAC has let the update pass. */
const notPermittedToApprove = /user not permitted to approve requests with signerName "([^"]+)"/;
