// For `node --require`: kills the process with SIGKILL before its call number KUBEPASS_TEST_KILL_AT (from 1) to
// `node:fs/promises` that changes something below KUBEPASS_TEST_KILL_PATH, or to a file that was opened there. Writing
// a file counts twice: before it, and when half of it is written.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const { KUBEPASS_TEST_KILL_AT: at, KUBEPASS_TEST_KILL_PATH: path } = process.env;
let calls = 0;
const count = () => {
  if (++calls === Number(at)) process.kill(process.pid, 'SIGKILL');
};

const openFile = fs.promises.open;
fs.promises.open = async (name, ...how) => {
  if (!String(name).startsWith(path)) return openFile(name, ...how);
  count();
  const handle = await openFile(name, ...how);
  for (const call of ['chown', 'chmod', 'sync', 'close']) {
    const real = handle[call].bind(handle);
    handle[call] = (...args) => (count(), real(...args));
  }
  handle.writeFile = async (text) => {
    const octets = Buffer.from(text);
    const half = octets.length >> 1;
    count();
    await handle.write(octets, 0, half);
    count();
    await handle.write(octets, half);
  };
  return handle;
};
for (const call of ['rename', 'rm']) {
  const real = fs.promises[call];
  fs.promises[call] = (name, ...args) => {
    if (String(name).startsWith(path)) count();
    return real(name, ...args);
  };
}
syncBuiltinESMExports();
