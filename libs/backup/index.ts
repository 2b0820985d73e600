export { checkArchive, linesOf, partsOf, type CheckedArchive } from './archive-reader.js';
export { makeBackup, type BackupMade, type BackupParts } from './backup.js';
export { ArchiveFaultError, archiveFormat, manifestName, type Manifest, type Part } from './manifest.js';
export { keptTables, leftOut } from './tables.js';
export {
  NotEmptyError,
  refuseHalfRestored,
  restoreBackup,
  RestoreUnderWayError,
  type RestoreParts,
} from './restore.js';
