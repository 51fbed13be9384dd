import type { CertificateRequestService } from '../../services.js';
import { collectKubeconfig } from './collect-kubeconfig.js';
import type { IssuanceContext } from '../context.js';
import { createKubeconfig } from './create-kubeconfig.js';
import { createRequest } from './create-request.js';
import { approveRequest, cancelRequest, denyRequest } from './decide-request.js';
import { findCertificateOfRequest, findRequest, kubeconfigWithKeyPath, listRequests } from './read-requests.js';
import { RecordedPolicySets } from '../policies/recompute-trace.js';

export function certificateRequestService(context: IssuanceContext): CertificateRequestService {
  const policySets = new RecordedPolicySets(context);
  return {
    create: (principal, ask, options) => createRequest(context, principal, ask, options),
    list: (principal, filter, page) => listRequests(context, principal, filter, page),
    find: (principal, id) => findRequest(context, policySets, principal, id),
    approve: (principal, id, comment) => approveRequest(context, principal, id, comment),
    deny: (principal, id, comment) => denyRequest(context, principal, id, comment),
    cancel: (principal, id, comment) => cancelRequest(context, principal, id, comment),
    certificate: (principal, id) => findCertificateOfRequest(context, principal, id),
    kubeconfig: (principal, id, clientKeyPath) => kubeconfigWithKeyPath(context, principal, id, clientKeyPath),
    collect: (principal, id) => collectKubeconfig(context, principal, id),
    createKubeconfig: (principal, ask, options) => createKubeconfig(context, principal, ask, options),
  };
}
