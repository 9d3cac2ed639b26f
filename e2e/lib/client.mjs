// Owns HTTPS from the tests themselves to the servers of one run: names from the run's own table, trust in the run's own
// authority, no redirects followed.

import https from 'node:https';

/** A function that sends one request and gives `{status, headers, body}`. */
export function createClient({ addresses, certificate }) {
  const agent = new https.Agent({
    ca: certificate,
    lookup: (name, options, done) => {
      const address = addresses.get(name);
      if (!address) return done(new Error(`${name} is no host of this run`));
      return options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
    },
  });
  return function send(url, { method = 'GET', headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const request = https.request(url, { method, headers, agent }, async (response) => {
        try {
          const parts = [];
          for await (const part of response) parts.push(part);
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
        } catch (error) {
          reject(error);
        }
      });
      request.on('error', reject);
      request.end(body);
    });
  };
}
