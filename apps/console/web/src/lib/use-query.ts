import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure, ask } from './api.ts';

export interface Answer<T> {
  /** Stays the old one while the next is on its way, so that nothing jumps. */
  data: T | undefined;
  error: ApiFailure | undefined;
  loading: boolean;
  retry: () => void;
}

/** Asks whenever the URL or the tick changes; a URL of undefined asks nothing. */
export function useQuery<T>(url: string | undefined, tick = 0): Answer<T> {
  const [state, setState] = useState<Omit<Answer<T>, 'retry'>>(loadingState);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (url === undefined) {
      setState({ data: undefined, error: undefined, loading: false });
      return;
    }
    const abort = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    ask<T>(url, { signal: abort.signal }).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: undefined, loading: false });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((old) => ({ ...old, error: asFailure(error), loading: false }));
      },
    );
    return () => abort.abort();
  }, [url, attempt, tick]);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  return { ...state, retry };
}

interface PageOf {
  cursor?: string | undefined;
}

export interface Pages<T, P> extends Answer<T[]> {
  first: P | undefined;
  more: (() => void) | undefined;
}

const itemsMax = 20_000;

/** A list that is read on page by page; what is held is bounded. */
export function usePages<P extends PageOf, T>(
  url: string,
  itemsOf: (page: P) => T[],
  tick = 0,
): Pages<T, P> {
  const first = useQuery<P>(url, tick);
  const [rest, setRest] = useState<{ of: P | undefined; pages: P[]; loading: boolean }>(emptyRest);
  const [error, setError] = useState<ApiFailure | undefined>();
  const current = useRef(first.data);
  current.current = first.data;
  const pages = rest.of === first.data ? rest.pages : [];
  const last = pages.at(-1) ?? first.data;
  const data = first.data && [first.data, ...pages].flatMap(itemsOf);

  const more = async (): Promise<void> => {
    const of = first.data;
    setRest({ of, pages, loading: true });
    setError(undefined);
    try {
      const joint = url.includes('?') ? '&' : '?';
      const page = await ask<P>(`${url}${joint}cursor=${encodeURIComponent(last?.cursor ?? '')}`);
      if (current.current === of) setRest({ of, pages: [...pages, page], loading: false });
    } catch (thrown) {
      setError(asFailure(thrown));
      setRest({ of, pages, loading: false });
    }
  };
  const full = (data?.length ?? 0) >= itemsMax;
  const idle = !rest.loading && !first.loading;
  return {
    ...first,
    data,
    first: first.data,
    error: first.error ?? error,
    more: last?.cursor !== undefined && idle && !full ? () => void more() : undefined,
  };
}

const loadingState = { data: undefined, error: undefined, loading: true };
const emptyRest = { of: undefined, pages: [], loading: false };

function asFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure(0, 'unknown', error instanceof Error ? error.message : String(error));
}
