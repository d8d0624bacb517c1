import type { SpanView } from '@spillway/store';
import { describe, expect, it } from 'vitest';
import { niceStepMs, parseDuration, parseTime } from '../src/query/time.ts';
import { parseAttributes, showAttributes } from '../web/src/lib/attribute-filter.ts';
import { duration, rate, valueText } from '../web/src/lib/format.ts';
import { layOut } from '../web/src/lib/map-layout.ts';
import { buildTree, visibleRows } from '../web/src/lib/trace-tree.ts';

function span(spanId: string, parentSpanId: string, fromNano: number, toNano: number): SpanView {
  return {
    spanId,
    parentSpanId,
    startTimeUnixNano: String(1_795_000_000_000_000_000n + BigInt(fromNano)),
    durationNano: toNano - fromNano,
  } as SpanView;
}

function criticalOf(spans: SpanView[]): string[] {
  const tree = buildTree(spans);
  return visibleRows(tree, new Set())
    .filter((node) => node.critical)
    .map((node) => node.span.spanId);
}

describe('the critical path', () => {
  it('is what the end of the trace waited for', () => {
    const spans = [
      span('root', '', 0, 100),
      span('fast', 'root', 5, 30),
      span('slow', 'root', 5, 80),
      span('inner', 'slow', 10, 70),
      span('last', 'root', 82, 95),
    ];
    expect(criticalOf(spans)).toEqual(['root', 'slow', 'inner', 'last']);
  });

  it('leaves out what outlives its parent', () => {
    const spans = [
      span('root', '', 0, 50),
      span('later', 'root', 40, 200),
      span('own', 'root', 1, 9),
    ];
    expect(criticalOf(spans)).toEqual(['root', 'own']);
  });
});

describe('the tree of a trace', () => {
  it('shows every span once, whatever the parents say', () => {
    const spans = [
      span('a', 'b', 0, 5),
      span('b', 'a', 1, 5),
      span('self', 'self', 2, 3),
      span('lost', 'gone', 3, 4),
      span('root', '', 0, 9),
    ];
    const rows = visibleRows(buildTree(spans), new Set());
    expect(rows.map((node) => node.span.spanId).sort()).toEqual(['a', 'b', 'lost', 'root', 'self']);
    expect(rows.find((node) => node.span.spanId === 'lost')?.orphan).toBe(true);
  });

  it('hides what hangs below a collapsed span, and takes a chain of 10,000', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      span(`s${i}`, i === 0 ? '' : `s${i - 1}`, i, 20_000),
    );
    const tree = buildTree(chain);
    expect(visibleRows(tree, new Set()).length).toBe(10_000);
    expect(visibleRows(tree, new Set(['s4'])).length).toBe(5);
    expect(tree.roots[0]?.descendants).toBe(9_999);
  });
});

describe('times', () => {
  const nowMs = Date.UTC(2026, 0, 5, 12);
  it.each([
    ['now', nowMs],
    ['now-15m', nowMs - 900_000],
    ['now+1d', nowMs + 86_400_000],
    ['1767614400000', 1_767_614_400_000],
    ['2026-01-05', Date.UTC(2026, 0, 5)],
    ['2026-01-05T12:00', nowMs],
    ['2026-01-05T13:00:00+01:00', nowMs],
    ['now-', undefined],
    ['now-1x', undefined],
    ['5 minutes', undefined],
    ['2026-13-01', undefined],
    ['', undefined],
  ])('%s', (text, ms) => {
    expect(parseTime(text, nowMs)).toBe(ms);
  });

  it('steps are round and few enough', () => {
    expect(niceStepMs(3_600_000, 120)).toBe(30_000);
    expect(niceStepMs(60_000, 120)).toBe(1_000);
    expect(niceStepMs(86_400_000 * 3_650, 10) % 604_800_000).toBe(0);
    expect(parseDuration('1h')).toBe(3_600_000);
  });
});

describe('text', () => {
  it('attributes go to the URL and back', () => {
    const typed = 'http.route=/cart note="two words" a=b=c';
    const params = new URLSearchParams(parseAttributes(typed));
    expect(Object.fromEntries(params)).toEqual({
      'attr.http.route': '/cart',
      'attr.note': 'two words',
      'attr.a': 'b=c',
    });
    expect(showAttributes(params)).toBe(typed);
  });

  it('values of every kind are shown exactly', () => {
    expect(valueText({ intValue: '9223372036854775807' })).toBe('9223372036854775807');
    expect(valueText({ doubleValue: 'NaN' })).toBe('NaN');
    expect(valueText({ boolValue: false })).toBe('false');
    expect(valueText({ arrayValue: { values: [{ stringValue: 'a' }, {}] } })).toBe('["a",null]');
    expect(valueText({})).toBe('');
  });

  it('durations and rates keep three digits', () => {
    expect([0.0005, 0.25, 1.5, 999, 61_000].map(duration)).toEqual([
      '500 ns',
      '250 µs',
      '1.5 ms',
      '999 ms',
      '1 min 1 s',
    ]);
    expect([0, 0.5, 1234].map(rate)).toEqual(['0/s', '30/min', '1,234/s']);
  });
});

describe('the map', () => {
  it('puts callers left of those they call, also around a cycle', () => {
    const edge = (from: string, to: string) => ({ from, to, calls: 1, errors: 0, p95Ms: 1 });
    const { nodes } = layOut([edge('web', 'a'), edge('a', 'b'), edge('b', 'a'), edge('web', 'b')]);
    const x = (name: string): number => nodes.get(name)?.x ?? -1;
    expect(x('web')).toBeLessThan(x('a'));
    expect(x('a')).toBeLessThan(x('b'));
  });
});
