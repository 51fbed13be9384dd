/** Clusters for the OpenAPI document: the members in which they differ from the examples of the schema. */

/** As the quickstart's cluster is at first. */
export const neverProbed = {
  signer: 'localCA',
  allowPrivilegedGroups: [],
  readsRoleBindings: false,
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
  },
};
