/** The group and resource that a Status speaks about. */
export interface StatusResource {
  readonly group: string;
  readonly kind: string;
}
export const csrResource: StatusResource = { group: 'certificates.k8s.io', kind: 'certificatesigningrequests' };

/** Ends a request with a `Status` of meta/v1, in the words of the API server. */
export class StatusError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: object,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get body(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

const qualifiedBy = ({ kind, group }: StatusResource) => `${kind}.${group}`;
const qualified = qualifiedBy(csrResource);
const named = (name: string, resource: StatusResource = csrResource) => ({ name, ...resource });

export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized');
export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);
export const notFound = (name: string, of = csrResource) =>
  new StatusError(404, 'NotFound', `${qualifiedBy(of)} "${name}" not found`, named(name, of));
export const alreadyExists = (name: string, of = csrResource) =>
  new StatusError(409, 'AlreadyExists', `${qualifiedBy(of)} "${name}" already exists`, named(name, of));
export const conflict = (name: string, cause: string, of = csrResource) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedBy(of)} "${name}": ${cause}`,
    named(name, of),
  );
export const refusedByAdmission = (name: string, cause: string) =>
  new StatusError(403, 'Forbidden', `${qualified} "${name}" is forbidden: ${cause}`, named(name));
export const invalid = (name: string, causes: readonly FieldError[]) => {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const said = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  return new StatusError(
    422,
    'Invalid',
    `CertificateSigningRequest.certificates.k8s.io "${name}" is invalid: ${said}`,
    {
      name,
      group: 'certificates.k8s.io',
      kind: 'CertificateSigningRequest',
      causes: causes.map(({ field, message }) => ({ reason: 'FieldValueInvalid', message, field })),
    },
  );
};
export const expired = (message: string) => new StatusError(410, 'Expired', message);

export interface FieldError {
  readonly field: string;
  readonly message: string;
}
