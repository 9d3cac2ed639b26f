// Owns Envoy in front of Orgate: the reference file of deploy/envoy with this run's places in it, in a folder of its own.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { adapt, startProgram } from '../lib/program.mjs';

const ROOT = path.join(import.meta.dirname, '..', '..');
const REFERENCE = path.join(ROOT, 'deploy', 'envoy', 'envoy.yaml');

/** The program; Debian has none, so it is there or it is not. */
export const ENVOY = process.env.ORGATE_E2E_ENVOY;

/** Starts it at `place`, for `host`, in front of the two ports. */
export async function startEnvoy({ folder, place, host, certificate, ports, results }) {
  const own = path.join(folder, 'envoy');
  mkdirSync(own);
  const file = path.join(own, 'envoy.yaml');
  writeFileSync(file, adapt(readFileSync(REFERENCE, 'utf8'), [
    ['server_names: [www.example.com]', `server_names: [${host}]`],
    ['{ address: 0.0.0.0, port_value: 443 }', `{ address: ${place.address}, port_value: ${place.port} }`],
    ['/etc/ssl/www.example.com.pem', certificate.certFile],
    ['/etc/ssl/private/www.example.com.key', certificate.keyFile],
    ['port_value: 8080', `port_value: ${ports.orgate}`],
    ['port_value: 9000', `port_value: ${ports.product}`],
  ]));
  return startProgram({
    name: 'Envoy',
    command: ENVOY,
    // Several Envoys on one machine share memory by this number.
    args: ['-c', file, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'warning', '--drain-time-s', '1'],
    folder: own,
    place,
    logFile: path.join(results, 'envoy.log'),
  });
}
