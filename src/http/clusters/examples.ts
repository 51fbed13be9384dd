/** Clusters for the OpenAPI document: the members in which they differ from the examples of the schema. */

/** As the quickstart's cluster is at first. */
export const neverProbed = {
  signer: 'localCA',
  allowPrivilegedGroups: [],
  readsRoleBindings: false,
  revocation: {
    mode: 'none',
    verifiedAt: null,
    delaySeconds: null,
    continues: ['everything, until the certificate expires or its bindings are removed'],
  },
  probedAt: null,
  probe: null,
};

/** A cluster that signs certificates itself. */
export const probed = {
  name: 'dev-eu',
  signer: 'kubernetes',
  allowPrivilegedGroups: [],
  probe: {
    missingPermissions: [],
    signs: 'yes',
    accepts: 'yes',
    reason: null,
    message: null,
    advice: null,
    lifetimeCap: null,
    revocation: { mode: 'webhook', verified: true, delaySeconds: 0, reason: null, message: null },
  },
};
