import type { ArrowFunctionExpression, Function as FunctionNode, Node } from 'oxc-parser';
import { lineAt, type Source, walk } from './source.ts';

/** A function by its file and name, such as `packages/x/src/y.ts#name`. */
export interface MeasuredFunction {
  name: string;
  lines: number;
}

type Suite = 'describe' | 'test' | 'it';

/**
 * Finds the functions of a file that have more lines than allowed. A function that declares tests is
 * a list of them, and does not count; a test does.
 */
export function longFunctionsOf(source: Source, linesMax: number): MeasuredFunction[] {
  const { path, program } = source;
  const found: MeasuredFunction[] = [];
  const visit = (node: Node, name: string): void => {
    walk(node, (each) => {
      const named = nameOf(each);
      if (each !== node && named !== undefined) {
        visit(each, named);
        return false;
      }
      if (isFunction(each)) {
        const lines = lineAt(source, each.end) - lineAt(source, each.start) + 1;
        if (lines > linesMax && !declaresTests(each))
          found.push({ name: `${path}#${name}`, lines });
      }
      return undefined;
    });
  };
  visit(program, '');
  return found;
}

/** The name under which a function stands, where the node gives it one. */
function nameOf(node: Node): string | undefined {
  if (node.type === 'FunctionDeclaration') return node.id?.name ?? '';
  if (node.type === 'MethodDefinition' || node.type === 'Property') {
    const { key } = node;
    return key.type === 'Identifier' || key.type === 'PrivateIdentifier' ? key.name : undefined;
  }
  if (node.type === 'VariableDeclarator') {
    return node.id.type === 'Identifier' ? node.id.name : undefined;
  }
  return undefined;
}

function isFunction(node: Node): node is FunctionNode | ArrowFunctionExpression {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

function declaresTests(node: Node): boolean {
  const suites: readonly string[] = ['describe', 'test', 'it'] satisfies Suite[];
  let declares = false;
  walk(node, (each) => {
    if (each.type !== 'CallExpression') return undefined;
    const text = calleeOf(each.callee);
    if (text !== undefined && suites.includes(text)) declares = true;
    return undefined;
  });
  return declares;
}

/** `test` of `test(…)`, `test.each(…)(…)` and `test.skipIf(…)(…)`. */
function calleeOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return calleeOf(node.object);
  if (node.type === 'CallExpression') return calleeOf(node.callee);
  return undefined;
}
