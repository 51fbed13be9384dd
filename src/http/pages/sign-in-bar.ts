import { signedInCookie } from '../hooks/session-cookies.js';

/** A file of the page, served beside it. */
interface PageFile {
  readonly filename: string;
  readonly content: string;
}

/**
 * A bar above Swagger UI: whoever is signed in with the browser, or links to the sign-in by each issuer, and to that of
 * the console by API token. Its session works for "Try it out" as it is, because the browser sends the cookie; the page
 * itself never sees what is in it.
 */
export const signInBar = (
  issuers: readonly string[],
  hasConsole: boolean,
): { readonly js: PageFile[]; readonly css: PageFile[] } => ({
  js: [{ filename: 'sign-in-bar.js', content: script(linksTo(issuers, hasConsole)) }],
  css: [{ filename: 'sign-in-bar.css', content: style }],
});

/** The texts of the links with the pages that they lead to. */
const linksTo = (issuers: readonly string[], hasConsole: boolean): readonly (readonly [string, string])[] => [
  ...issuers.map((issuer) => [`Sign in with ${issuer}`, `/v1/login/${issuer}?returnTo=/docs`] as const),
  ...(hasConsole ? [['Sign in with an API token', '/console/sign-in?returnTo=/docs'] as const] : []),
];

/**
 * Names of issuers are DNS labels, and names of principals are only ever set as text. A page that is no secure context
 * came over plain HTTP from another machine, and no session counts there.
 */
const script = (links: readonly (readonly [string, string])[]): string => `(() => {
  if (!isSecureContext) return;
  const links = ${JSON.stringify(links)};
  const bar = document.createElement('section');
  bar.className = 'sign-in-bar';
  bar.setAttribute('aria-label', 'Sign-in');
  document.body.prepend(bar);

  const show = (...parts) => bar.replaceChildren(...parts);
  const text = (content) => Object.assign(document.createElement('span'), { textContent: content });

  const showSignIn = (note) =>
    show(
      ...(note ? [text(note)] : []),
      ...links.map(([textContent, href]) => Object.assign(document.createElement('a'), { href, textContent })),
    );

  const showCaller = ({ name, roles }) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Sign out' });
    button.addEventListener('click', async () => {
      button.disabled = true;
      const { status } = await fetch('/v1/sessions/current', { method: 'DELETE' }).catch(() => ({ status: 0 }));
      if (status === 204 || status === 401) showSignIn('Signed out.');
      else show(text('You are still signed in: that did not work (' + status + ').'), button);
      button.disabled = false;
    });
    show(text('Signed in as ' + name + (roles.length ? ' (' + roles.join(', ') + ')' : ', without a role')), button);
  };

  const isWorthAsking = document.cookie.split('; ').some((cookie) => cookie === '${signedInCookie}=1');
  if (!isWorthAsking) return showSignIn();
  fetch('/v1/whoami', { headers: { accept: 'application/json' } })
    .then((answer) => (answer.ok ? answer.json().then(showCaller) : showSignIn('Your session has ended.')))
    .catch(() => showSignIn('kubepass cannot be reached.'));
})();
`;

const style = `.sign-in-bar {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1rem;
  align-items: center;
  justify-content: flex-end;
  min-height: 2.5rem;
  padding: 0.25rem 1.5rem;
  font: 14px sans-serif;
  color: #3b4151;
  background: #f0f2f5;
  overflow-wrap: anywhere;
}
.sign-in-bar a,
.sign-in-bar button {
  padding: 0.35rem 0.9rem;
  border: 1px solid #3b4151;
  border-radius: 4px;
  font: inherit;
  color: #3b4151;
  background: #fff;
  text-decoration: none;
  cursor: pointer;
}
`;
