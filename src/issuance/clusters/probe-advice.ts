/** What an operator can do about a probe that did not go well, by its reason. */
const advice: Readonly<Record<string, string>> = {
  ClusterUnreachable: 'see that the API server runs and can be reached from here, and that the kubeconfig is right',
  CredentialsNotAccepted: 'renew the credentials in the kubeconfig or the service account token',
  PermissionsMissing: 'grant it what deploy/kubernetes has',
  ForbiddenInCluster: 'grant it what deploy/kubernetes has',
  RoleBindingsNotReadable:
    'grant it what deploy/kubernetes/components/read-role-bindings has, or take readRoleBindings out of its configuration',
  RefusedByCluster: 'look at the admission plugins and webhooks of the cluster',
  DeniedInCluster: 'find out what denies CertificateSigningRequests in the cluster',
  ApprovedButNotSigned:
    'give kube-controller-manager its --cluster-signing-cert-file and --cluster-signing-key-file and probe again; ' +
    'where the provider does not allow that (Amazon EKS), have kubepass sign with a CA of its own (localCA)',
  CertificateSigningRequestGone: 'find out what deletes CertificateSigningRequests in the cluster',
  CertificateSigningRequestMismatch: 'find out what makes or changes CertificateSigningRequests in the cluster',
  IssuedCertificateMismatch:
    'see that clientCertificateAuthority is the CA that the cluster signs user certificates with',
  CertificateNotAccepted: 'see that the API server’s --client-ca-file holds the CA that signs user certificates',
  CertificateAuthorityNotValid: 'renew the certificate of the local CA',
  SignerUnavailable: 'probe again when the cluster can be reached',
  Undetermined: 'probe again when the cluster can be reached',
};

export const adviceOn = (reason: string): string =>
  advice[reason] ?? 'the audit log has the whole story under the probe’s request';
