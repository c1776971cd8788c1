/**
 * Asks one question for all who want its answer. An answer holds for those alone who came before
 * it was asked for: whoever comes while one is under way shares the next one. So however many ask,
 * at most one question is under way.
 */
export function shareQuestion<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    next = undefined;
    const own = ask().finally(() => {
      if (current === own) current = undefined;
    });
    current = own;
    return own;
  };
  return () => {
    if (current === undefined) return start();
    next ??= current.then(start, start);
    return next;
  };
}
