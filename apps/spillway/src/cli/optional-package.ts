import { OperationError } from './operation-error.ts';

/**
 * Loads a package that a checkout has and a production image has not: a workspace on which the
 * program does not depend, since npm would install what it needs even without development
 * dependencies.
 * @throws OperationError which says where it is, when it is missing
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw error;
    throw new OperationError(
      `this needs ${name}, which is not installed: production images go without it. Run it from a ` +
        'checkout of Spillway, where `npm ci` installs it.',
      { cause: error },
    );
  }
}
