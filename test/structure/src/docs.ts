import { dirname, join } from 'node:path';
import type { Comment, Node } from 'oxc-parser';
import { isThere, readText, workspaces } from './repository.ts';
import { parse, type Source } from './source.ts';

/** Something that a file exports, with its doc comment. */
export interface Exported {
  path: string;
  name: string;
  offset: number;
  /** Its text without the marks; undefined where there is none. */
  doc: string | undefined;
}

/** Lists what a file exports by declarations of its own. */
export function exportsOf(path: string): Exported[] {
  const source = parse(path);
  return statementsOf(source).flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) return [];
    const doc = docBefore(source, node.start);
    return namesOf(node.declaration).map((name) => ({ path, name, offset: node.start, doc }));
  });
}

/** Lists what the entries of all packages export, wherever it is declared. */
export function publicExports(): Exported[] {
  return workspaces
    .filter((folder) => /^(apps|packages|infra)\//.test(folder))
    .flatMap((folder) => {
      const { exports = {} } = JSON.parse(readText(`${folder}/package.json`)) as {
        exports?: Record<string, string>;
      };
      return Object.values(exports).map((entry) => join(folder, entry));
    })
    .filter((entry) => entry.includes('/src/'))
    .flatMap((entry) => reachable(entry));
}

function reachable(path: string): Exported[] {
  const own = exportsOf(path);
  const others = statementsOf(parse(path)).flatMap((node) => {
    if (node.type !== 'ExportAllDeclaration' && node.type !== 'ExportNamedDeclaration') return [];
    const target = node.source && join(dirname(path), node.source.value);
    if (!target || !isThere(target)) return [];
    const found = reachable(target);
    if (node.type === 'ExportAllDeclaration') return found;
    const names = new Set(node.specifiers.map(({ local }) => text(local)));
    return found.filter(({ name }) => names.has(name));
  });
  return [...own, ...others];
}

function statementsOf({ program }: Source): readonly Node[] {
  return program.type === 'Program' ? program.body : [];
}

function namesOf(declaration: Node): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? id.name : []));
  }
  return 'id' in declaration && declaration.id?.type === 'Identifier' ? [declaration.id.name] : [];
}

function text(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : '';
}

function docBefore(source: Source, offset: number): string | undefined {
  const before = source.comments.filter(
    (comment) =>
      isDoc(comment) &&
      comment.end <= offset &&
      /^\s*$/.test(source.text.slice(comment.end, offset)),
  );
  return before.length > 0 ? docText(before.at(-1)?.value ?? '') : undefined;
}

/** Whether a comment is a doc comment. */
export function isDoc({ type, value }: Comment): boolean {
  return type === 'Block' && value.startsWith('*');
}

/** The text of a doc comment, without the marks. */
export function docText(value: string): string {
  return value
    .replace(/^\*/, '')
    .replace(/^\s*\* ?/gm, '')
    .trim();
}

/** What is wrong with a doc as whole sentences; undefined when nothing is. */
export function faultOf(doc: string): string | undefined {
  if (!/^[A-Z`'"0-9(@]/.test(doc)) return 'does not begin with a capital';
  if (/^(Of|As|By|So)\b/.test(doc)) return 'begins in the middle of a sentence';
  const [sentences = ''] = doc.split(/\nSource:|\s@(?:param|returns|throws)/);
  if (/^@|^https?:\S+$/.test(sentences.trim())) return undefined;
  return /[.!?:)]$|https?:\S+$/.test(sentences.trim()) ? undefined : 'does not end with a period';
}
