/** A page for people who could not be signed in: what happened, and how to go on. It repeats nothing that was sent. */
export const failurePage = (detail: string, requestId: string, loginPath: string): string =>
  [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark"><title>Not signed in - kubepass</title></head>',
    '<body><main>',
    '<h1>You are not signed in</h1>',
    `<p>${escaped(asSentence(detail))}</p>`,
    `<p><a href="${escaped(loginPath)}">Sign in again</a></p>`,
    `<p>If this happens again, tell your administrator this request id: <code>${escaped(requestId)}</code></p>`,
    '</main></body></html>',
    '',
  ].join('\n');

const asSentence = (detail: string): string => `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
