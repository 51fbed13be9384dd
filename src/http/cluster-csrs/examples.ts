import type { ClusterCsr } from '../../model/cluster.js';
import { certificateSerialNumber, certificateSha256, certificateSpkiSha256 } from '../example-certificate.js';
import { exampleId } from '../schema-parts.js';
import { clusterCsrDescription, clusterCsrTable } from './cluster-csr-text.js';
import { clusterCsrView } from './schemas.js';

const csr: ClusterCsr = {
  name: 'csr-x7k2p',
  uid: '3f0b5a0e-6f0c-4d55-9a53-0d6a3f1f8b52',
  createdAt: new Date('2026-03-01T09:30:00Z'),
  seenAt: new Date('2026-03-01T09:30:42Z'),
  labels: { 'app.kubernetes.io/managed-by': 'kubepass' },
  annotations: {},
  signerName: 'kubernetes.io/kube-apiserver-client',
  username: 'system:serviceaccount:kubepass:kubepass',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  usages: ['digital signature', 'client auth'],
  expirationSeconds: 86_400,
  status: 'Approved,Issued',
  conditions: [
    {
      type: 'Approved',
      status: 'True',
      reason: 'ApprovedByKubepass',
      message: 'policy "developers" permits it',
      lastUpdateTime: new Date('2026-03-01T09:30:00Z'),
    },
  ],
  request: {
    subject: 'CN=jane@corp.example,O=team-a',
    attributes: [
      { type: '2.5.4.10', value: 'team-a' },
      { type: '2.5.4.3', value: 'jane@corp.example' },
    ],
    keyAlgorithm: 'ECDSA-P256',
    spkiSha256: certificateSpkiSha256,
    subjectAltNames: [],
    refusal: null,
  },
  certificate: {
    fingerprintSha256: certificateSha256,
    serialNumber: certificateSerialNumber,
    subject: 'CN=jane@corp.example,O=team-a',
    notBefore: new Date('2026-03-01T09:25:00Z'),
    notAfter: new Date('2026-03-02T09:30:00Z'),
  },
  requestId: exampleId,
};

export const object = clusterCsrView(csr);
export const table = clusterCsrTable([csr]);
export const description = clusterCsrDescription(csr);
