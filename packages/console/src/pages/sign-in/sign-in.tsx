import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { addressOf, useAddress } from '../../parts/address.js';
import { Page } from '../../parts/page.js';
import { Shown, useData } from '../../parts/data.js';
import { useAct } from '../../parts/trouble.js';
import { answerOf, api } from '../../service/client.js';
import { caller, signInByToken } from '../../service/session.js';

/** Signs in by an identity provider or an API token. Somebody who is signed in goes on at once. */
export function SignIn() {
  const { query } = useAddress();
  const { route } = useLocation();
  const returnTo = ownAddress(query['returnTo']);
  const callers = useData((signal) => answerOf(api.GET('/v1/callers', { signal })), []);
  useEffect(() => {
    if (!caller.value) return;
    if (returnTo.startsWith('/console')) route(returnTo, true);
    else location.replace(returnTo);
  }, [caller.value]);
  if (caller.value) return null;
  return (
    <div class="sign-in">
      <Page title="Sign in to kubepass">
        <Shown data={callers} awaited="how people sign in">
          {({ browsers }) => (
            <>
              {browsers.issuers.map((name) => (
                <a key={name} class="button primary" href={addressOf(`/v1/login/${name}`, { returnTo })} target="_self">
                  Sign in with {name}
                </a>
              ))}
              {browsers.issuers.length > 0 && browsers.apiTokens && <p class="or">or</p>}
              {browsers.apiTokens && <TokenForm isOnlyWay={browsers.issuers.length === 0} />}
              {browsers.issuers.length === 0 && !browsers.apiTokens && (
                <p>Browsers cannot sign in here: that takes TLS, or a service on the same machine.</p>
              )}
            </>
          )}
        </Shown>
      </Page>
    </div>
  );
}

function TokenForm({ isOnlyWay }: { readonly isOnlyWay: boolean }) {
  const token = useSignal('');
  const { isBusy, run, trouble } = useAct();
  const send = async (event: Event) => {
    event.preventDefault();
    if (await run(() => signInByToken(token.value.trim()))) token.value = '';
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <label for="token">API token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        value={token}
        onInput={({ currentTarget }) => (token.value = currentTarget.value)}
      />
      {trouble}
      <button class={isOnlyWay ? 'primary' : ''} disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}

/** An address of this origin, by the rule of `GET /v1/login/{name}`; else the console. */
function ownAddress(text = '/console/'): string {
  const isOwn = /^\/[!-~]*$/.test(text) && text.length <= 512 && !text.includes('//') && !text.includes('\\');
  return isOwn ? text : '/console/';
}
