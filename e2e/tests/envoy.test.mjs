// A product behind the reference set-up of Envoy: deploy/envoy/envoy.yaml, with real Envoy.

import { walkBehind } from '../lib/behind.mjs';
import { test } from '../lib/front.mjs';
import { ENVOY } from '../proxies/envoy.mjs';

test.skip(!ENVOY, 'ORGATE_E2E_ENVOY names no Envoy');

test.use({ proxyKind: 'envoy' });

test('Envoy lets members through to the product, and nobody else', async ({ front, network, arrive }) => {
  await walkBehind({ test, front, network, arrive });
});
