import { ReleaseError } from '../release-error.js';

/**
 * Reads the URL that an option gives, to which paths are appended: without a slash at its end. Throws `ReleaseError` if
 * it is no URL of the web, or has a credential, a query or a fragment.
 */
export function parseBaseUrl(text: string, option: string): string {
  const url = URL.parse(text);
  const isPlain =
    url !== null && `${url.username}${url.password}${url.search}${url.hash}` === '' && !/[\s?#]/.test(text);
  if (isPlain && ['https:', 'http:'].includes(url.protocol)) return url.href.replace(/\/+$/, '');
  throw new ReleaseError(
    `${option} is "${text}", which is no plain URL: it looks like https://git.example/team/kubepass`,
  );
}
