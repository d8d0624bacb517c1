import type { Parameters } from './parameters.ts';

const pairType =
  '[{"key":"VARCHAR","value":{"stringValue":"VARCHAR","intValue":"VARCHAR",' +
  '"boolValue":"VARCHAR","doubleValue":"VARCHAR","bytesValue":"VARCHAR"}}]';

/** SQL: the pair's value as a person would write it; null for lists, maps and nothing. */
const pairText = `coalesce(pair.value.stringValue, pair.value.intValue, pair.value.boolValue,
  pair.value.doubleValue, pair.value.bytesValue)`;

/** SQL: the value of an attribute as text, '' when it is absent or has no scalar value. */
export function attributeText(column: string, key: string, parameters: Parameters): string {
  const keyValue = parameters.bind(key);
  return `coalesce(list_transform(list_filter(from_json(${column}, '${pairType}'),
    lambda pair: pair.key = ${keyValue}), lambda pair: ${pairText})[1], '')`;
}

/**
 * SQL, one condition per attribute: the record in `table` or its resource has it, with the value
 * as text. Cheap text containment first, because most rows fail it; then the exact look, since
 * the same text may also stand deeper inside a value.
 */
export function attributeConditions(
  attributes: Readonly<Record<string, string>> | undefined,
  parameters: Parameters,
  table: string,
): string[] {
  return Object.entries(attributes ?? {}).map(([key, value]) => {
    const forms = writtenForms(key, value).map((form) => parameters.bind(form));
    const keyValue = parameters.bind(key);
    const text = parameters.bind(value);
    const isIn = (column: string) =>
      `((${forms.map((form) => `contains(${column}, ${form})`).join(' OR ')}) AND list_bool_or(list_transform(
        from_json(${column}, '${pairType}'), lambda pair:
          pair.key = ${keyValue} AND ${pairText} = ${text})))`;
    const resources = `SELECT r.id FROM resource r WHERE ${isIn('r.attributes')}`;
    return `(${isIn(`${table}.attributes`)} OR ${table}.resource IN (${resources}))`;
  });
}

/** The pair as our JSON has it, for every type whose text the value may be. */
function writtenForms(key: string, value: string): string[] {
  const pair = `{"key":${JSON.stringify(key)},"value":{`;
  const quoted = JSON.stringify(value);
  const forms = ['stringValue', 'intValue', 'bytesValue'].map((type) => `"${type}":${quoted}`);
  const isWord = /^(true|false|NaN|-?Infinity)$/.test(value);
  if (isWord) forms.push(`"boolValue":${value}`, `"doubleValue":${quoted}`);
  if (value !== '' && Number.isFinite(Number(value))) forms.push(`"doubleValue":${value}`);
  return forms.map((form) => `${pair}${form}}`);
}
