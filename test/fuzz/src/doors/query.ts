import type { Addresses } from '@spillway/test-support';
import { mutateQuery, querySeeds } from '../mutate/query.ts';
import type { Door, Heard, Visitor } from './door.ts';
import { RawHttp } from './raw-http.ts';
import { shapeOf } from './shape.ts';

/** A question to the console: method, path and query in one line, headers, an empty line, a body. */
export const queries: Door = {
  name: 'query',
  seeds: querySeeds.map((text) => Buffer.from(text)),
  mutators: [mutateQuery, mutateQuery],
  dictionary: ['now-', '%00', '%ff', 'cursor=', '&&', '..%2f', 'from=', 'to=', 'attr.', '[]='],
  bytesMax: 6 * 1024,
  clients: 4,
  open: (addresses) => new QueryVisitor(addresses),
};

class QueryVisitor implements Visitor {
  readonly #http: RawHttp;

  constructor({ console: page }: Addresses) {
    this.#http = new RawHttp(page);
  }

  async give(input: Uint8Array): Promise<Heard> {
    const text = Buffer.from(input).toString('latin1');
    const [head = '', body = ''] = text.split(/\n\n(.*)/s, 2);
    const [line = '', ...headers] = head.split('\n');
    const [method = 'GET', path = '/'] = line.split(' ', 2);
    const rows = [`${method} ${path} HTTP/1.1`, 'host: localhost', ...headers];
    if (body !== '') rows.push('content-type: application/json');
    rows.push(`content-length: ${body.length}`, '', '');
    const request = Buffer.from(rows.join('\r\n') + body, 'latin1');
    const answer = await this.#http.ask(request, /^head$/i.test(method));
    if (answer === undefined) return { outcome: 'cut', shape: 'cut', accepted: 0, perhaps: 0 };
    const { status } = answer;
    const said = answer.body.toString('latin1');
    const shape = status === 200 ? `200 ${path.split('?')[0]}` : `${status} ${shapeOf(said)}`;
    return {
      outcome: String(status),
      shape,
      accepted: 0,
      perhaps: 0,
      wrong: isRight({ status, path, said }) ? undefined : `${status}: ${said.slice(0, 300)}`,
    };
  }

  close(): void {
    this.#http.close();
  }
}

/** Of 5xx: an account of a million requests that takes too long. */
function isRight({ status, path, said }: { status: number; path: string; said: string }): boolean {
  if (status < 500) return true;
  return status === 504 && path.startsWith('/api/ledger') && said.includes('"timeout"');
}
