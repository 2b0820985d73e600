/** The operator's key was destroyed; what was sealed under it cannot be opened by anyone any more. */
export class KeyErasedError extends Error {
  override readonly name = 'KeyErasedError';
}

/** No such key in this vault: the sealed text comes from another deployment, or the vault was not restored with it. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
}

/** The master key file and the vault do not belong together. */
export class WrongMasterKeyError extends Error {
  override readonly name = 'WrongMasterKeyError';
}
