import type { App } from './types.js';
import type { CertificateListener } from './certificate-listener.js';
import type { Connections } from './connections.js';

/**
 * Lets the app close in order: requests that are under way are answered, and idle connections are closed as soon as
 * they are idle. After `milliseconds` all connections are cut that are still open, also those that never began to
 * speak. So closing always ends.
 */
export function drainConnections(
  app: App,
  second: CertificateListener | null,
  connections: Connections,
  milliseconds: number,
): void {
  let secondEnds = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    secondEnds = second?.close() ?? secondEnds;
    idle = setInterval(() => {
      app.server.closeIdleConnections();
      second?.server.closeIdleConnections();
    }, 50);
    late = setTimeout(() => {
      const cut = connections.destroyAll();
      if (cut > 0) app.log.warn({ connections: cut }, 'connections are still open: they are cut');
    }, milliseconds);
    done();
  });
  // Runs when the last connection of the app's own server has ended.
  app.addHook('onClose', async () => {
    await secondEnds;
    clearInterval(idle);
    clearTimeout(late);
    connections.stop();
  });
}
