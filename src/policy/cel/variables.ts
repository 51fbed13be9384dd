import { directoryBounds } from '../../model/directory.js';
import { labelBounds } from '../../model/certificate-request.js';
import { longestPrincipalName } from '../../model/name-grammar.js';
import { bool, int, list, map, object, type ObjectShape, string, timestamp, type ValueOf } from './shape.js';

// Schemas count characters, but JavaScript counts code units: a character beyond the basic plane has two.
const units = 2;
/** RFC 5280 appendix A: ub-common-name and ub-organization-name are 64 characters. */
const name = string(64 * units);
/** Names and groups of principals are ASCII. */
const principalName = string(longestPrincipalName);
/** An RFC 1123 label. */
const label = string(63);
const keyAlgorithm = string(32);
/** RFC 5280 4.1.2.2: at most 20 octets, in hex. */
const serialNumber = string(40);
const maxRequestGroups = 32;
/** Identity providers that bound the groups in a token put 200 at most into it. */
const maxRequesterGroups = 200;
const maxActive = 100;

const request = object('Request', {
  username: name,
  groups: list(maxRequestGroups, name),
  cluster: label,
  keyAlgorithm,
  expirationSeconds: int(2 ** 31),
  /** '' if absent, as `reason`. */
  namespace: label,
  reason: string(1024 * units),
  labels: map(labelBounds.count, string(labelBounds.value * units)),
  collector: principalName,
});

const requester = object('Requester', {
  username: principalName,
  groups: list(maxRequesterGroups, principalName),
  roles: list(8, string(32)),
});

/** A valid certificate of the identity. */
const certificate = object('Certificate', {
  groups: list(maxRequestGroups, name),
  notBefore: timestamp,
  notAfter: timestamp,
  serialNumber,
  keyAlgorithm,
});

/** The certificate that is renewed; '', 0 and 1970 where the request renews none. */
const renewal = object('Renewal', {
  /** Its fingerprint. */
  of: string(64),
  generation: int(2 ** 31),
  /** The last approval by people that counts for the renewal too; 1970: there is none. */
  approvedAt: timestamp,
  notAfter: timestamp,
});

/** A person in more directory groups is decided about without expressions that read them. */
const maxDirectoryGroups = 500;
/** Directory groups, by the attribute that the configuration names. */
const directoryGroups = list(maxDirectoryGroups, string(directoryBounds.text));

const directoryRequester = object('DirectoryRequester', { active: bool, groups: directoryGroups });

/** The requested username in the directory; not active and without groups where it is not there. */
const directory = object('Directory', { active: bool, groups: directoryGroups, requester: directoryRequester });

/** The types and largest sizes of the variables. An expression is not evaluated with larger values. */
export const variableShapes = {
  request,
  requester,
  now: timestamp,
  active: list(maxActive, certificate),
  renewal,
  directory,
} as const;

export type VariableName = keyof typeof variableShapes;

/** The variables of expressions. Instants in them are RFC 3339 texts, and timestamps in an expression. */
export type ExpressionVariables = {
  readonly [Name in VariableName]: Name extends 'now' ? Date : ValueOf<(typeof variableShapes)[Name]>;
};

export const objectShapes: readonly ObjectShape[] = [
  request,
  requester,
  certificate,
  renewal,
  directoryRequester,
  directory,
];

export const variableNames = Object.keys(variableShapes) as readonly VariableName[];
