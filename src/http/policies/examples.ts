import { exampleRequests } from '../certificate-requests/schemas.js';

/** Policies and decisions for the OpenAPI document: the members in which they differ from the examples of the schemas. */

const [ask = {}] = exampleRequests;

const draft =
  'apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: draft }\nspec:\n  selector: {}\n  allowed: { usernames: ["*"], groups: ["team-*"] }\n  approval: { mode: auto }\n';

/** Bodies. */
export const evaluations = {
  'policies in force': ask,
  'policies of your own': { ...ask, policies: [draft] },
};
export const replays = { 'every request until now': { policies: [draft] } };

export const evaluation = {
  outcome: 'permitted',
  approval: 'auto',
  stages: [],
  expiresAfterSeconds: null,
  quota: {},
  usage: null,
  kubeconfig: { namespace: null, contextName: null },
  violations: [],
};

export const evaluationAsText = `PERMITTED at once, by policy "demo"

Asked
  by         "hr-system"
  who has    roles requester; groups none
  cluster    demo
  username   "jane@corp.example"
  groups     "team-a"
…
`;
