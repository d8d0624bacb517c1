/** Values of attributes and bodies for the contract suites. */
import type { AnyValue, KeyValue } from '@spillway/otlp';

/** Makes a string attribute value. */
export function text(key: string, stringValue: string): KeyValue {
  return { key, value: { stringValue } };
}

/** Makes an integer attribute value. */
export function int(key: string, value: number | bigint): KeyValue {
  return { key, value: { intValue: String(value) } };
}

/** Every kind of AnyValue, nested, with the values that stores get wrong. */
export function everyAnyValue(): AnyValue[] {
  return [
    {},
    { stringValue: '' },
    { stringValue: 'line\nend "quoted" \\ 日本 🚰 \u0000 \ue000 end' },
    { boolValue: false },
    { intValue: '9223372036854775807' },
    { intValue: '-9223372036854775808' },
    { doubleValue: -0 },
    { doubleValue: 5e-324 },
    { doubleValue: 1.7976931348623157e308 },
    { doubleValue: 0.1 },
    { doubleValue: 'NaN' },
    { doubleValue: 'Infinity' },
    { doubleValue: '-Infinity' },
    { bytesValue: 'AAH/' },
    { arrayValue: { values: [] } },
    { arrayValue: { values: [{ stringValue: 'a' }, {}, { arrayValue: { values: [{}] } }] } },
    { kvlistValue: { values: [text('b', '1'), text('a', '2'), text('b', '3')] } },
    { kvlistValue: { values: [text('__proto__', 'x'), text('', '')] } },
  ];
}

/** Makes the attributes of a server span: texts, integers, a double and a flag. */
export function spanAttributes(n: number): KeyValue[] {
  return [
    text('http.request.method', 'GET'),
    text('http.route', '/api/carts/{id}'),
    int('http.response.status_code', n % 50 === 0 ? 500 : 200),
    text('url.path', `/api/carts/${n}`),
    text('server.address', 'carts.internal'),
    int('server.port', 8443),
    { key: 'cart.total', value: { doubleValue: n / 4 } },
    { key: 'cart.empty', value: { boolValue: n % 3 === 0 } },
  ];
}
