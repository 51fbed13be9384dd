import { certificatePem } from '../schemas/example-certificate.js';

/** Certificate requests for the OpenAPI document: the members in which they differ from the examples of the schema. */
import { plainCertificate } from '../certificates/schemas.js';

const auto = { outcome: 'permitted', approval: 'auto', policy: 'demo', stages: [], violations: [] };
const manual = { ...auto, approval: 'manual', policy: 'demo-longer-than-a-day', stages: [{ count: 1 }] };
const verdict = { name: 'demo', verdict: 'permits', reasons: [] };

/** Nothing is issued: there is no key, no certificate and no failure. */
const nothingIssued = { renewalOf: null, publicKey: null, certificate: null, failure: null };

export const approved = {
  ...nothingIssued,
  state: 'approved',
  decision: { ...auto, verdicts: [verdict] },
  approvals: [],
  awaiting: [],
};

export const pending = {
  ...nothingIssued,
  state: 'pending',
  expirationSeconds: 604800,
  decision: { ...manual, verdicts: [{ ...verdict, name: 'demo-longer-than-a-day' }] },
  approvals: [],
  awaiting: [{ stage: 0, needed: 1 }],
};

const ended = { ...pending, waitsUntil: null, awaiting: [] };
export const cancelled = { ...ended, state: 'cancelled' };
export const deniedByPerson = { ...ended, state: 'denied' };

export const issued = {
  ...approved,
  state: 'issued',
  waitsUntil: null,
  publicKey: {},
  certificate: { ...plainCertificate, pem: certificatePem },
};
