/** Why the text is not an https URL as others shall use it; null where it is. */
export function whyNotUrl(text: string): string | null {
  // Kubeconfigs carry the text as it is written, so forms that the URL parser would repair (blanks, backslashes) are refused.
  // RFC 3986 2: a URL is ASCII, so a host in another script is written as xn--…
  if (!/^https:\/\/[!-~]+$/.test(text) || /[\\"'<>]/.test(text)) return 'must be an https URL';
  if (!URL.canParse(text)) return 'must be an https URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  return text.includes('?') || text.includes('#') ? 'must have neither query nor fragment' : null;
}
