// A product behind the reference set-up of nginx: deploy/nginx/orgate.conf, with real nginx.

import { walkBehind } from '../lib/behind.mjs';
import { test } from '../lib/front.mjs';

test.use({ proxyKind: 'nginx' });

test('nginx lets members through to the product, and nobody else', async ({ front, network, arrive }) => {
  await walkBehind({ test, front, network, arrive });
});
