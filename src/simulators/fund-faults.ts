import type { ServerResponse } from 'node:http';
import type { FundFaults } from '../http/schemas/simulators.ts';

const HUGE_BYTES = 100_000_000;
const CHUNK = Buffer.alloc(1_000_000, 'x');

/** Sends 100 MB, or as much of it as the other side bears. */
function sendHuge(response: ServerResponse): void {
  let left = HUGE_BYTES;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= CHUNK.length;
      if (!response.write(CHUNK)) {
        response.once('drain', more);
        return;
      }
    }
    if (!response.destroyed) response.end('"}');
  };
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"accepted":[],"note":"');
  more();
}

/** Answers with something that is no answer. */
export function sendWrong(response: ServerResponse, wrong: Exclude<FundFaults['wrongAnswer'], 'none'>): void {
  switch (wrong) {
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>系统维护中 maintenance</body></html>');
      return;
    case 'errorInside':
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: 'FUND-4711', message: '业务系统繁忙 business system busy' } }));
      return;
    case 'huge':
      sendHuge(response);
  }
}
