import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CookieClient, type Answer } from './identity-provider/sign-in.js';
import { testMachine, type TestMachine } from '../../packages/kubectl-kubepass/test/helpers/plugin-machine.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A person with a machine, who signs in at the test provider whenever the plugin says where. */
export interface PluginPerson {
  readonly machine: TestMachine;
  /** How often the plugin has sent them to the provider. */
  opened(): number;
  /** Removes what is cached, and leaves the logins. */
  forgetCertificates(): void;
  remove(): void;
}

export function signInPerson(account: string): PluginPerson {
  const directory = temporaryDirectory();
  const machine = testMachine(directory.path, {
    // It opens nothing, so that the person of the test is the only one.
    environment: { BROWSER: '/bin/true' },
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 100))),
  });
  let opened = 0;
  const root = join(directory.path, '.kube', 'cache', 'kubepass');
  return {
    machine: {
      ...machine,
      say(line) {
        machine.say(line);
        const [, place = '', code = null] = /(https?:\/\/\S+)(?: in a browser and enter (\S+))?/.exec(line) ?? [];
        if (!/sign in with|open http/.test(line)) return;
        opened += 1;
        machine.takeLines();
        const done = code === null ? inBrowser(account, new URL(place)) : byCode(account, new URL(place), code);
        void done.catch(() => undefined);
      },
    },
    opened: () => opened,
    forgetCertificates() {
      for (const folder of existsSync(root) ? readdirSync(root) : [])
        rmSync(join(root, folder, 'credential.json'), { force: true });
    },
    remove: () => directory.remove(),
  };
}

const locationOf = ({ headers }: Answer, base: URL): URL => new URL(headers.location ?? '', base);

async function inBrowser(account: string, url: URL): Promise<void> {
  const browser = new CookieClient(null);
  const form = locationOf(await browser.send(url), url);
  const resume = locationOf(await browser.send(form, { login: account, password: 'any' }), form);
  await browser.send(locationOf(await browser.send(resume), resume));
}

async function byCode(account: string, url: URL, code: string): Promise<void> {
  const browser = new CookieClient(null);
  const xsrfOf = ({ body }: Answer) => /name="xsrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
  const confirm = await browser.send(url, { xsrf: xsrfOf(await browser.send(url)), user_code: code });
  const begun = await browser.send(url, { xsrf: xsrfOf(confirm), user_code: code, confirm: 'yes' });
  const form = locationOf(begun, url);
  const resume = locationOf(await browser.send(form, { login: account, password: 'any' }), form);
  await browser.send(resume);
}
