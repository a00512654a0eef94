import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Contract, exampleBody, filled, type Operation, openContract } from './contract.js';

const IDENT = 'imei:490154203237518';
const DELETED = 'imei:490154203237526';
const UPLOAD = 'application/octet-stream';

let gateway: GatewayUnderTest;
let contract: Contract;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({ provisioning: 'known' });
  contract = await openContract(gateway);
  for (const ident of [IDENT, DELETED])
    await gateway.api('PUT', '/api/registry', { path: `/device/by-ident/${ident}/`, values: { id: idOf(ident) } });
});
afterAll(() => gateway.remove());

function idOf(ident: string): string {
  return `6d3c3aa8-9f83-5a2f-a57c-${ident.slice(-12)}`;
}
