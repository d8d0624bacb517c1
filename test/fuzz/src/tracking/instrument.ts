import { type Node, parse } from 'acorn';

/**
 * Puts a counter at each block, branch and right side of `&&`, `||`, `??` of a module, in its own
 * lines, so that places in stack traces stay. `firstId` is the first counter's number.
 */
export function instrument(source: string, firstId: number): { code: string; counters: number } {
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module' });
  const points = new Points(firstId);
  points.visit(program as unknown as Tree);
  return { code: points.applyTo(source), counters: points.next - firstId };
}

type Tree = Node & Record<string, unknown>;

class Points {
  next: number;
  readonly #openings: { at: number; text: string }[] = [];
  readonly #closings: { at: number; text: string }[] = [];

  constructor(firstId: number) {
    this.next = firstId;
  }

  visit(node: Tree): void {
    this.#mark(node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) this.visit(child);
      }
    }
  }

  applyTo(source: string): string {
    // Of two that end at one place the inner one, found later, is closed first.
    const closings = this.#closings.map((each, order) => ({ ...each, order }));
    closings.sort((a, b) => a.at - b.at || b.order - a.order);
    const openings = this.#openings.map((each, order) => ({ ...each, order }));
    openings.sort((a, b) => a.at - b.at || a.order - b.order);
    const parts: string[] = [];
    let from = 0;
    let [c, o] = [0, 0];
    while (c < closings.length || o < openings.length) {
      const closing = closings[c];
      const opening = openings[o];
      const isClosing = closing !== undefined && (!opening || closing.at <= opening.at);
      const { at, text } = (isClosing ? closing : opening) as { at: number; text: string };
      if (isClosing) c++;
      else o++;
      parts.push(source.slice(from, at), text);
      from = at;
    }
    return parts.join('') + source.slice(from);
  }

  #mark(node: Tree): void {
    switch (node.type) {
      case 'BlockStatement':
        this.#openings.push({ at: node.start + 1, text: this.#statement() });
        return;
      case 'IfStatement':
        this.#branch(node.consequent as Tree);
        if (node.alternate) this.#branch(node.alternate as Tree);
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        this.#branch(node.body as Tree);
        return;
      case 'SwitchCase': {
        const [first] = node.consequent as Tree[];
        if (first) this.#openings.push({ at: first.start, text: this.#statement() });
        return;
      }
      case 'ConditionalExpression':
        this.#expression(node.consequent as Tree);
        this.#expression(node.alternate as Tree);
        return;
      case 'LogicalExpression':
        this.#expression(node.right as Tree);
        return;
      case 'ArrowFunctionExpression':
        if ((node.body as Tree).type !== 'BlockStatement') this.#expression(node.body as Tree);
    }
  }

  #branch(body: Tree): void {
    if (body.type === 'BlockStatement' || body.type === 'IfStatement') return;
    this.#openings.push({ at: body.start, text: `{${this.#statement()}` });
    this.#closings.push({ at: body.end, text: '}' });
  }

  #expression(node: Tree): void {
    this.#openings.push({ at: node.start, text: `(__seen[${this.next++}]++,(` });
    this.#closings.push({ at: node.end, text: '))' });
  }

  #statement(): string {
    return `__seen[${this.next++}]++;`;
  }
}

function isNode(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
