// For `node --require`: kills the process with SIGKILL before its call number KUBEPASS_TEST_KILL_AT (from 1) to the
// file system that changes something whose path begins with KUBEPASS_TEST_KILL_PATH, or writes to a file that was
// opened there.
const fs = require('node:fs');

const { KUBEPASS_TEST_KILL_AT: at, KUBEPASS_TEST_KILL_PATH: path } = process.env;
const opened = new Set();
let calls = 0;

for (const name of [
  'openSync',
  'writeSync',
  'fsyncSync',
  'closeSync',
  'chmodSync',
  'renameSync',
  'linkSync',
  'rmSync',
  'writeFileSync',
]) {
  const real = fs[name];
  fs[name] = (...args) => {
    const isRead = name === 'openSync' && typeof args[1] === 'number' && (args[1] & 3) === fs.constants.O_RDONLY;
    const isThere = !isRead && args.some((arg) => typeof arg === 'string' && arg.startsWith(path));
    const isOurs = typeof args[0] === 'number' ? opened.has(args[0]) : isThere;
    if (isOurs && ++calls === Number(at)) process.kill(process.pid, 'SIGKILL');
    const result = real(...args);
    if (name === 'openSync' && isOurs) opened.add(result);
    return result;
  };
}
