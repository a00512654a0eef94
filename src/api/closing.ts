import type { Socket } from 'node:net';
import type { Api } from './parts.js';

/** How often connections that are not in use are closed at the end, in milliseconds. */
const LOOK_EVERY = 20;

/**
 * Prepares the end of an app, to be called before it listens. What it gives ends the app: it stops accepting, closes
 * connections as soon as no request is under way on them, and after `drainTimeout` ms those where one still is.
 */
export function closing(app: Api, drainTimeout: number): () => Promise<void> {
  // Node.js takes a connection on which nothing was asked yet for one that is in use, as browsers open them in advance.
  const unasked = new Set<Socket>();
  app.server.on('connection', (socket) => {
    unasked.add(socket);
    socket.once('close', () => unasked.delete(socket));
  });
  app.server.on('request', ({ socket }) => unasked.delete(socket));
  // Those of WebSockets are the server's no longer.
  const upgraded = new Set<Socket>();
  app.server.on('upgrade', ({ socket }) => {
    unasked.delete(socket);
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });

  function closeUnused(): void {
    for (const socket of unasked) socket.destroy();
    // Those too whose last request ended after the server had stopped to listen.
    app.server.closeIdleConnections();
  }

  return async () => {
    const unused = setInterval(closeUnused, LOOK_EVERY);
    const late = setTimeout(() => {
      app.server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
    }, drainTimeout);
    try {
      await app.close();
    } finally {
      clearInterval(unused);
      clearTimeout(late);
    }
  };
}
