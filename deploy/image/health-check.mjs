// Asks the service on this machine whether it is alive. It may speak TLS by the environment or by its file, so a second
// way is tried where the first one fails. Its own certificate need not name localhost, so it is not verified here;
// nothing is sent but the question.
import http from 'node:http';
import https from 'node:https';

const { KUBEPASS_PORT: port = '8080', KUBEPASS_TLS_CERT_FILE: certFile = '' } = process.env;
const ask = (client) =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/livez', rejectUnauthorized: false, timeout: 2000 };
    const request = client.get(options, (reply) => resolve(reply.resume().statusCode === 200));
    request.on('error', () => resolve(false)).on('timeout', () => request.destroy());
  });
const clients = certFile === '' ? [http, https] : [https, http];
process.exitCode = (await ask(clients[0])) || (await ask(clients[1])) ? 0 : 1;
