// Owns the private certificate authority of one run. It signs one server certificate for each name and lives as long as
// the run's folder.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SETTINGS = `
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;

const leafSettings = (host) => `
[req]
distinguished_name = name
[name]
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:${host}
`;

function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/**
 * Makes the authority in `folder`.
 * `certificateFile` is what a program under test is told to trust.
 */
export function createAuthority(folder) {
  const file = (name) => path.join(folder, name);
  const certificateFile = file('authority.pem');
  writeFileSync(file('authority.cnf'), SETTINGS);
  openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-subj', '/CN=Orgate browser test authority',
    '-config', file('authority.cnf'), '-extensions', 'authority',
    '-keyout', file('authority.key'), '-out', certificateFile);

  /** Issues a certificate for one host name: both as files and as text. */
  function issue(host) {
    const keyFile = file(`${host}.key`);
    const certFile = file(`${host}.pem`);
    const settings = file(`${host}.cnf`);
    writeFileSync(settings, leafSettings(host));
    openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${host}`,
      '-config', settings, '-extensions', 'leaf',
      '-CA', certificateFile, '-CAkey', file('authority.key'),
      '-keyout', keyFile, '-out', certFile);
    return { keyFile, certFile, key: readFileSync(keyFile), cert: readFileSync(certFile) };
  }

  return { certificateFile, certificate: readFileSync(certificateFile), issue };
}
