/** The same object with some methods replaced; the others keep their private state. */
export function override<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const member = target[name as keyof T];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
