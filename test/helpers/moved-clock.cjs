// For `node --require`: the clock of the process is KUBEPASS_TEST_CLOCK_AHEAD milliseconds ahead, and runs
// KUBEPASS_TEST_CLOCK_FACTOR times as fast from KUBEPASS_TEST_CLOCK_BASE on (milliseconds since 1970).
const real = Date.now;
const {
  KUBEPASS_TEST_CLOCK_BASE: base = 0,
  KUBEPASS_TEST_CLOCK_FACTOR: factor = 1,
  KUBEPASS_TEST_CLOCK_AHEAD: ahead = 0,
} = process.env;
Date.now = () => Math.round(Number(base) + (real() - Number(base)) * Number(factor) + Number(ahead));

// The plugin reckons by the clock of kubepass where an answer tells it. A short life needs a certificate without one.
const { ClientRequest } = require('node:http');
const emit = ClientRequest.prototype.emit;
ClientRequest.prototype.emit = function (name, ...values) {
  const [answer] = values;
  if (name === 'response' && answer.statusCode < 300) delete answer.headers.date;
  return emit.call(this, name, ...values);
};
