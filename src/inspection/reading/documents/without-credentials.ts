/** A URL without the user and password that may stand in it (RFC 3986 3.2.1); for showing. */
export const withoutCredentials = (url: string): string =>
  url.replace(/^((?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/)?[^/?#]*@/, '$1***@');
