// For `node --require`: the clock of the process is KUBEPASS_TEST_CLOCK_AHEAD milliseconds ahead, and runs
// KUBEPASS_TEST_CLOCK_FACTOR times as fast from KUBEPASS_TEST_CLOCK_BASE on (milliseconds since 1970).
const real = Date.now;
const {
  KUBEPASS_TEST_CLOCK_BASE: base = 0,
  KUBEPASS_TEST_CLOCK_FACTOR: factor = 1,
  KUBEPASS_TEST_CLOCK_AHEAD: ahead = 0,
} = process.env;
Date.now = () => Math.round(Number(base) + (real() - Number(base)) * Number(factor) + Number(ahead));
