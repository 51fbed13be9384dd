import type { Response } from 'supertest';
import { expect } from 'vitest';
import type { ApiTokenBody } from '../../../src/callers/routes/api-token-routes.js';
import type { AuditEventBody } from '../../../src/log/audit-event-schemas.js';
import type { CertificateBody } from '../../../src/access/certificate-schemas.js';
import type { CertificateRequestBody } from '../../../src/requests/request-schemas.js';
import type { CertificateAuthoritiesBody, ClusterBody } from '../../../src/clusters/cluster-schemas.js';
import type { ClusterCsrBody } from '../../../src/clusters/cluster-csr-routes.js';
import type { DecisionBody, LoadedPolicyListBody } from '../../../src/requests/policy-schemas.js';
import type { KubeconfigBody } from '../../../src/requests/kubeconfig-routes.js';
import type { ProblemBody } from '../../../src/http/problems/problem-types.js';
import type { WhoamiBody } from '../../../src/callers/routes/caller-routes.js';
import type { Inspection } from '@kubepass/inspect';

/** A call under way; awaiting it gives the answer. */
export interface Call extends PromiseLike<Answer> {
  set(name: string, value: string): Call;
  send(body?: unknown): Call;
  /** A file of a multipart body. */
  attach(field: string, content: Buffer, file: string | { readonly filename: string }): Call;
  /** A field of a multipart body. */
  field(name: string, value: string): Call;
  expect(status: number): Call;
  responseType(type: 'blob'): Call;
}

type List<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

/** An answer. The test names the type of its body, which the contract check has verified. */
export type Answer = Pick<Response, 'status' | 'text' | 'type'> & {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
};

export const as = {
  inspection: (answer: Answer) => answer.body as Inspection,
  problem: (answer: Answer) => answer.body as ProblemBody,
  request: (answer: Answer) => answer.body as CertificateRequestBody,
  requests: (answer: Answer) => answer.body as List<CertificateRequestBody>,
  certificate: (answer: Answer) => answer.body as CertificateBody,
  certificates: (answer: Answer) => answer.body as List<CertificateBody>,
  cluster: (answer: Answer) => answer.body as ClusterBody,
  clusters: (answer: Answer) => answer.body as List<ClusterBody>,
  csr: (answer: Answer) => answer.body as ClusterCsrBody,
  csrs: (answer: Answer) => answer.body as List<ClusterCsrBody>,
  authorities: (answer: Answer) => answer.body as CertificateAuthoritiesBody,
  policies: (answer: Answer) => answer.body as LoadedPolicyListBody,
  decision: (answer: Answer) => answer.body as DecisionBody,
  kubeconfig: (answer: Answer) => answer.body as KubeconfigBody & { kubeconfig: string; certificate: CertificateBody },
  /** The request for which there is no kubeconfig yet. */
  waiting: (answer: Answer) => {
    const { kubeconfig, certificate, request } = answer.body as KubeconfigBody;
    expect([kubeconfig, certificate]).toEqual([null, null]);
    return request;
  },
  events: (answer: Answer) => answer.body as List<AuditEventBody>,
  verification: (answer: Answer) =>
    answer.body as { valid: boolean; events: number; head: string; firstInvalidSeq: number | null },
  token: (answer: Answer) => answer.body as ApiTokenBody & { readonly token: string },
  tokens: (answer: Answer) => answer.body as List<ApiTokenBody>,
  whoami: (answer: Answer) => answer.body as WhoamiBody,
};
