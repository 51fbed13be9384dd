/** The variables that an expression may read. */
export type VariableName = 'request' | 'requester' | 'now' | 'active';

/** An expression as it was compiled when its policy was loaded. */
export interface Expression {
  readonly text: string;
  readonly reads: ReadonlySet<VariableName>;
  /** Throws where it cannot be evaluated. */
  evaluate(variables: ExpressionVariables): unknown;
}

export interface ExpressionVariables {
  readonly request: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly cluster: string;
    readonly keyAlgorithm: string;
    readonly expirationSeconds: number;
    /** '' where the request has none. */
    readonly namespace: string;
    /** '' where the request has none. */
    readonly reason: string;
    readonly collector: string;
  };
  readonly requester: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
  };
  readonly now: Date;
  /** The identity's live certificates. */
  readonly active: readonly ActiveCertificateValue[];
}

interface ActiveCertificateValue {
  readonly groups: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serialNumber: string;
  readonly keyAlgorithm: string;
}
