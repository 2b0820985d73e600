import type { Sealed } from '#libs/domain';
import type { House } from './house.js';

/** The text, or undefined when the key it was sealed under was erased. @throws as `Sealer.open` does for all else. */
export async function openUnlessErased(house: House, sealed: Sealed): Promise<string | undefined> {
  try {
    return (await house.sealer.open(sealed)).text;
  } catch (error) {
    if (error instanceof Error && error.name === 'KeyErasedError') return undefined;
    throw error;
  }
}
