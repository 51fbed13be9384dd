/** Octets of all parts together. */
export const maxUploadOctets = 1024 * 1024;

/** Octets of a body: the parts, and the JSON or multipart around them. */
export const maxBodyOctets = maxUploadOctets + 64 * 1024;

export const maxParts = 200;

/** Characters. */
export const maxPasswordLength = 1024;
export const maxNameLength = 255;
