import { directoryBounds } from '../../model/directory.js';
import { labelBounds } from '../../model/certificate-request.js';
import { longestPrincipalName } from '../../model/name-grammar.js';
import { bool, int, list, map, string, timestamp, type ObjectShape, type ValueShape } from './shape.js';

/** The variables that an expression may read. */
export interface ExpressionVariables {
  readonly request: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly cluster: string;
    readonly keyAlgorithm: string;
    readonly expirationSeconds: number;
    /** '' if absent. */
    readonly namespace: string;
    /** '' if absent. */
    readonly reason: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly collector: string;
  };
  readonly requester: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
  };
  readonly now: Date;
  /** The valid certificates of the identity. Instants are RFC 3339 texts here, and timestamps in an expression. */
  readonly active: readonly {
    readonly groups: readonly string[];
    readonly notBefore: string;
    readonly notAfter: string;
    readonly serialNumber: string;
    readonly keyAlgorithm: string;
  }[];
  /** The certificate that is renewed; '', 0 and 1970 where the request renews none. Instants are as in `active`. */
  readonly renewal: {
    /** Its fingerprint. */
    readonly of: string;
    readonly generation: number;
    /** The last approval by people that counts for the renewal too; 1970: there is none. */
    readonly approvedAt: string;
    readonly notAfter: string;
  };
  /** The requested username in the directory; not active and without groups where it is not there. */
  readonly directory: DirectoryVariable & {
    /** The requester in the directory. */
    readonly requester: DirectoryVariable;
  };
}

/** A type alias and no interface: libraries take it as a map of values. */
type DirectoryVariable = {
  readonly active: boolean;
  /** Directory groups, by the attribute that the configuration names. */
  readonly groups: readonly string[];
};

export type VariableName = keyof ExpressionVariables;

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

const object = <Source>(
  objectName: string,
  fields: Readonly<Record<keyof Source & string, ValueShape>>,
): ObjectShape => ({
  kind: 'object',
  name: objectName,
  fields,
});

const request = object<ExpressionVariables['request']>('Request', {
  username: name,
  groups: list(maxRequestGroups, name),
  cluster: label,
  keyAlgorithm,
  expirationSeconds: int(2 ** 31),
  namespace: label,
  reason: string(1024 * units),
  labels: map(labelBounds.count, string(labelBounds.value * units)),
  collector: principalName,
});

const requester = object<ExpressionVariables['requester']>('Requester', {
  username: principalName,
  groups: list(maxRequesterGroups, principalName),
  roles: list(8, string(32)),
});

const certificate = object<ExpressionVariables['active'][number]>('Certificate', {
  groups: list(maxRequestGroups, name),
  notBefore: timestamp,
  notAfter: timestamp,
  serialNumber,
  keyAlgorithm,
});

const renewal = object<ExpressionVariables['renewal']>('Renewal', {
  of: string(64),
  generation: int(2 ** 31),
  approvedAt: timestamp,
  notAfter: timestamp,
});

/** A person in more directory groups is decided about without expressions that read them. */
const maxDirectoryGroups = 500;
const directoryGroups = list(maxDirectoryGroups, string(directoryBounds.text));

const directoryRequester = object<DirectoryVariable>('DirectoryRequester', { active: bool, groups: directoryGroups });

const directory = object<ExpressionVariables['directory']>('Directory', {
  active: bool,
  groups: directoryGroups,
  requester: directoryRequester,
});

/** The types and largest sizes of the variables. An expression is not evaluated with larger values. */
export const variableShapes: Readonly<Record<VariableName, ValueShape>> = {
  request,
  requester,
  now: timestamp,
  active: list(maxActive, certificate),
  renewal,
  directory,
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
