// The first seed, whole, against an identity provider of another make, on PostgreSQL.

import { test } from '../lib/world.mjs';
import { walk } from '../lib/walk.mjs';

test.use({ engine: process.env.ORGATE_E2E_POSTGRES_URL ? 'postgres' : 'sqlite' });

test('an organization connects another OpenID provider and its people sign in through it', async ({ network, arrive }) => {
  const { canaille } = network;
  await walk({
    idp: canaille,
    kind: { name: /^OpenID Connect/, addressLabel: 'Issuer', address: canaille.issuer },
    arrive,
    organization: { name: 'Globex', slug: 'globex' },
    // Once one person has agreed, Canaille asks nobody else of this app, so nobody can say no.
    refuses: false,
  });
});
