// Owns where the servers of one run listen: a loopback address of its own for each host name, so that port 443 is free
// for everybody and several runs live side by side. Who may not open port 443 gets a high port instead, which then is a
// part of the identity provider's name.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

const TRIES = 20;

async function listens(server, port, address) {
  server.listen(port, address);
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => { throw error; }),
  ]);
}

const randomLoopback = () => `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`;

/** The address and port on which `server` listens from now on: port 443 where this person may. */
export async function listenAnywhere(server) {
  for (let tries = 0; tries < TRIES && process.env.ORGATE_E2E_PORTS !== 'high'; tries += 1) {
    const address = randomLoopback();
    try {
      await listens(server, 443, address);
      return { address, port: 443 };
    } catch (error) {
      if (error.code === 'EACCES') break;
      if (error.code !== 'EADDRINUSE') throw error;
    }
  }
  await listens(server, 0, '127.0.0.1');
  return { address: '127.0.0.1', port: server.address().port };
}

/** Finds a place for a server that another program opens: it is free now and will hardly be taken in between. */
export async function findPlace({ port443 = true } = {}) {
  const server = net.createServer();
  const place = port443 ? await listenAnywhere(server) : await anyPort(server);
  server.close();
  await once(server, 'close');
  return place;
}

async function anyPort(server) {
  await listens(server, 0, '127.0.0.1');
  return { address: '127.0.0.1', port: server.address().port };
}

/** `host`, or `host:port` where the port is not that of https. */
export function authorityOf(host, port) {
  return port === 443 ? host : `${host}:${port}`;
}
