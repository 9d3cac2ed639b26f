// Owns a DNS server that knows the names of one run and nothing else: address records over UDP. Orgate is pointed at it
// with ORGATE_DNS_SERVERS, so its own resolver is what finds the test identity providers.

import dgram from 'node:dgram';
import { once } from 'node:events';

const TYPE_A = 1;
const NXDOMAIN = 3;
const SECONDS_TO_LIVE = 5;

/** The question's lower-case name, its type, and where it ends. */
function readQuestion(query) {
  const labels = [];
  let at = 12;
  while (query[at] !== 0) {
    const length = query[at];
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(query, addresses) {
  const { name, type, end } = readQuestion(query);
  const address = addresses.get(name);
  const records = address && type === TYPE_A ? 1 : 0;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8580 | (address ? 0 : NXDOMAIN), 2); // a response, authoritative
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records, 6);
  header.writeUInt32BE(0, 8); // drops the additional records that EDNS sends
  const parts = [header, query.subarray(12, end)];
  if (records) {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc00c, 0); // the name of the question
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(SECONDS_TO_LIVE, 6);
    record.writeUInt16BE(4, 10);
    Buffer.from(address.split('.').map(Number)).copy(record, 12);
    parts.push(record);
  }
  return Buffer.concat(parts);
}

/** Starts the server on a free loopback port. `addresses` is a Map of name to IPv4 address. */
export async function startDns(addresses) {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query, addresses), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { server: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
}
