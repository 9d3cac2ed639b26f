// Owns nginx in front of Orgate: the reference file of deploy/nginx with this run's places in it, in a folder of its own.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { adapt, startProgram } from '../lib/program.mjs';

const NGINX = process.env.ORGATE_E2E_NGINX ?? 'nginx';
const REFERENCE = path.join(import.meta.dirname, '..', '..', 'deploy', 'nginx', 'orgate.conf');

/** A path as nginx reads it, spaces included. */
const quoted = (file) => `"${file.replaceAll(/["\\]/g, '\\$&')}"`;

const main = (folder) => `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${quoted(`${folder}/nginx.pid`)};
error_log stderr;
events {}
http {
    access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `    ${kind}_temp_path ${quoted(`${folder}/${kind}`)};`).join('\n')}
    include ${quoted(`${folder}/orgate.conf`)};
}
`;

/** Starts it at `place`, for `host`, in front of the two ports. */
export async function startNginx({ folder, place, plain, host, certificate, ports, results }) {
  const own = path.join(folder, 'nginx');
  mkdirSync(own);
  const listen = `${place.address}:${place.port}`;
  writeFileSync(path.join(own, 'orgate.conf'), adapt(readFileSync(REFERENCE, 'utf8'), [
    ['    listen [::]:80;\n', ''],
    ['    listen [::]:443 ssl default_server;\n', ''],
    ['    listen [::]:443 ssl;\n', ''],
    ['listen 80;', `listen ${plain.address}:${plain.port};`],
    ['listen 443 ssl', `listen ${listen} ssl`],
    ['https://www.example.com$', `https://${host}$`],
    ['server_name www.example.com;', `server_name ${host};`],
    ['/etc/ssl/www.example.com.pem', quoted(certificate.certFile)],
    ['/etc/ssl/private/www.example.com.key', quoted(certificate.keyFile)],
    ['127.0.0.1:8080', `127.0.0.1:${ports.orgate}`],
    ['127.0.0.1:9000', `127.0.0.1:${ports.product}`],
  ]));
  writeFileSync(path.join(own, 'nginx.conf'), main(own));
  return startProgram({
    name: 'nginx',
    command: NGINX,
    args: ['-p', own, '-e', 'stderr', '-c', path.join(own, 'nginx.conf')],
    folder: own,
    place,
    logFile: path.join(results, 'nginx.log'),
  });
}
